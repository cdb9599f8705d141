import { canonicalAddress, ipFamily } from "./ip-address.ts";

/** A server: a name or a literal address, and a port. */
export interface ServerName {
  /** As the user wrote it, without port and brackets. */
  readonly host: string;
  readonly port: number;
}

/** A server as given by the user: null as port means the protocol's default. */
export interface NamedServer {
  readonly host: string;
  readonly port: number | null;
}

/** The address of a datagram. IPv6 may have a zone (`fe80::1%eth0`). */
export interface Endpoint {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/** Null: no port was given. Undefined: the text is not a port. */
function portOf(text: string | undefined): number | null | undefined {
  if (text === undefined) return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

function isHostName(host: string): boolean {
  const labels = host.replace(/\.$/, "").split(".");
  // Digits and dots that are not an IPv4 address are a typo, not a name.
  return host.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^[\d.]+$/.test(host);
}

/** Parses `HOST`, `HOST:PORT`, `1.2.3.4:123`, `::1`, `[::1]`, `[::1]:123`; null for anything else. */
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

/** `HOST:PORT` with IPv6 in brackets, which identifies a server; `HOST` if no port was given. */
export function formatServerName({ host, port }: NamedServer): string {
  if (port === null) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `ADDRESS:PORT`, the canonical form for comparing endpoints. */
export function endpointKey({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The endpoint of a literal address; null for a name. */
export function literalEndpoint({ host, port }: ServerName): Endpoint | null {
  const family = ipFamily(host);
  return family === 4 || family === 6 ? { address: canonicalAddress(host), family, port } : null;
}
