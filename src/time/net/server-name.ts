import { canonicalAddress, ipFamily } from "./ip-address.ts";

/** A server: a name or a literal address, and a port. */
export interface ServerName {
  /** As the user wrote it, without the port and brackets. */
  readonly host: string;
  readonly port: number;
}

/** A server as it was asked for: without a port it is the protocol's own. */
export interface NamedServer {
  readonly host: string;
  readonly port: number | null;
}

/** Where a datagram goes or comes from. IPv6 may carry a zone (`fe80::1%eth0`). */
export interface Endpoint {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/** Null: none was given. Undefined: what was given is none. */
function portOf(text: string | undefined): number | null | undefined {
  if (text === undefined) return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

function isHostName(host: string): boolean {
  const labels = host.replace(/\.$/, "").split(".");
  // Digits and dots alone that are no IPv4 address are a slip, not a name.
  return host.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^[\d.]+$/.test(host);
}

/** Reads `HOST`, `HOST:PORT`, `1.2.3.4:123`, `::1`, `[::1]`, `[::1]:123`; null for anything else. */
export function parseServerName(text: string): NamedServer | null {
  if (ipFamily(text) === 6) return { host: text.toLowerCase(), port: null };
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(text);
  const plain = /^([^:[\]]+)(?::(.*))?$/.exec(text);
  if (bracketed === null && plain === null) return null;
  const [, host = "", portText] = bracketed ?? plain ?? [];
  const port = portOf(portText);
  if (port === undefined) return null;
  if (bracketed !== null) return ipFamily(host) === 6 ? { host: host.toLowerCase(), port } : null;
  return ipFamily(host) === 4 || isHostName(host) ? { host: host.toLowerCase(), port } : null;
}

/** `HOST:PORT`, IPv6 in brackets: what tells servers apart. `HOST` where no port was asked for. */
export function formatServerName({ host, port }: NamedServer): string {
  if (port === null) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `ADDRESS:PORT`, the one spelling by which endpoints are compared. */
export function endpointKey({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The endpoint of a literal address; null for a name. */
export function literalEndpoint({ host, port }: ServerName): Endpoint | null {
  const family = ipFamily(host);
  return family === 4 || family === 6 ? { address: canonicalAddress(host), family, port } : null;
}
