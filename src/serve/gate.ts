/** What a request is judged by before anything is routed. */
export interface Asked {
  readonly host: string | null;
  readonly origin: string | null;
  /** `https` where TLS is served. */
  readonly scheme: "http" | "https";
}

export type Verdict =
  | { readonly type: "pass" }
  | { readonly type: "refuse"; readonly status: 400 | 403 | 421; readonly reason: string };

const PASS: Verdict = { type: "pass" };

function refuse(status: 400 | 403 | 421, reason: string): Verdict {
  return { type: "refuse", status, reason };
}

/** The name in a Host header or an authority: without its port, lower case, IPv6 without brackets; null if it is none. */
export function hostName(authority: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(authority);
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, "");
}

/** A literal address: no name can be one, so that nobody can point it somewhere else. */
function isAddress(name: string): boolean {
  return name.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}

/**
 * The rules that hold for every request, before it is routed and before a token is looked at.
 *
 * The Host must be one that this board is called by, or a literal address: a site that points its own name here (DNS
 * rebinding) can read nothing. A page that asks (Origin) must be one of ours.
 */
export function judge(asked: Asked, allowedHosts: ReadonlySet<string>): Verdict {
  const { host, origin } = asked;
  if (host === null || host === "") return refuse(400, "the request has no Host header");
  // Two Host headers arrive joined by a comma.
  const name = hostName(host);
  if (name === null) return refuse(400, "the Host header is not a valid name or address");
  if (!isAddress(name) && !allowedHosts.has(name))
    return refuse(421, "unknown host name; add it to allowed_host in [serve]");
  if (origin !== null && origin !== `${asked.scheme}://${host}`.toLowerCase())
    return refuse(403, "requests from other sites are refused");
  return PASS;
}

/** What changes state must be JSON: a form of another site cannot send that without the board being asked first. */
export function isJson(contentType: string | null): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === "application/json";
}
