import { Failure } from "../errors.ts";
import { bareHost, isLoopback, portOf } from "./host.ts";

/** The proxy variables of the process's environment, read by the caller. */
export interface ProxySettings {
  readonly httpProxy: string | null;
  readonly httpsProxy: string | null;
  /** Used if the variable for the scheme is not set. */
  readonly allProxy: string | null;
  readonly noProxy: string | null;
}

export interface Proxy {
  readonly hostname: string;
  readonly port: number;
  /** The value of Proxy-Authorization, if the proxy's URL has a user. */
  readonly authorization: string | null;
}

/** Loaded only to check NO_PROXY: few users have a proxy, and node:net takes long to load. */
const net = (): typeof import("node:net") => process.getBuiltinModule("node:net");

function family(host: string): "ipv4" | "ipv6" | null {
  const version = net().isIP(host);
  return version === 4 ? "ipv4" : version === 6 ? "ipv6" : null;
}

function inSubnet(host: string, subnet: string): boolean {
  const [network = "", bits = ""] = subnet.split("/");
  const [hostFamily, networkFamily] = [family(host), family(network)];
  if (hostFamily === null || networkFamily !== hostFamily || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (hostFamily === "ipv4" ? 32 : 128)) return false;
  const list = new (net().BlockList)();
  list.addSubnet(network, Number(bits), networkFamily);
  return list.check(host, hostFamily);
}

/**
 * Whether NO_PROXY exempts a host. Entries: `*`; a name, which covers the names below it too (a leading dot or `*.`
 * changes nothing); an address; a subnet; each with `:port` to exempt only that port. Same rules as curl and Go.
 */
export function isExempt(hostname: string, port: number, noProxy: string): boolean {
  const host = bareHost(hostname).toLowerCase().replace(/\.$/, "");
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      if (entry.includes("/")) return inSubnet(host, entry);
      const withPort = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
      if (withPort !== null && Number(withPort[2]) !== port) return false;
      const name = bareHost(withPort?.[1] ?? entry).replace(/^\*?\./, "");
      return host === name || (family(host) === null && host.endsWith(`.${name}`));
    });
}

function decodePart(encoded: string, name: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new Failure(
      "usage",
      `${name}: its user or password has a % that two hex digits do not follow; write %25 for a %`,
    );
  }
}

/**
 * The proxy for requests to `url`, or null to connect directly, as to every loopback address. Throws a usage
 * failure if a proxy cannot be used; the message shows its URL without the password.
 */
export function chooseProxy(url: URL, settings: ProxySettings): Proxy | null {
  const secure = url.protocol === "https:";
  const own = (secure ? settings.httpsProxy : settings.httpProxy)?.trim() ?? "";
  const text = own === "" ? (settings.allProxy?.trim() ?? "") : own;
  if (text === "" || isLoopback(url.hostname)) return null;
  if (isExempt(url.hostname, portOf(url), settings.noProxy ?? "")) return null;

  const name = own === "" ? "ALL_PROXY" : secure ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (proxy === null || proxy.hostname === "") {
    throw new Failure("usage", `${name} is not a URL; expected http://HOST:PORT`);
  }
  if (proxy.protocol !== "http:") {
    const found = `${proxy.protocol}//${proxy.host}`;
    throw new Failure(
      "usage",
      `${name} is ${found}; expected http://HOST:PORT (https goes through it encrypted), or name the host in NO_PROXY`,
    );
  }
  const user = `${decodePart(proxy.username, name)}:${decodePart(proxy.password, name)}`;
  return {
    hostname: bareHost(proxy.hostname),
    port: portOf(proxy),
    authorization: user === ":" ? null : `Basic ${Buffer.from(user).toString("base64")}`,
  };
}
