/** What a request is checked by before it is routed. */
export interface Asked {
  readonly host: string | null;
  readonly origin: string | null;
  /** `https` if TLS is served. */
  readonly scheme: "http" | "https";
}

export type Verdict =
  | { readonly type: "pass" }
  | { readonly type: "refuse"; readonly status: 400 | 403 | 421; readonly reason: string };

const PASS: Verdict = { type: "pass" };

function refuse(status: 400 | 403 | 421, reason: string): Verdict {
  return { type: "refuse", status, reason };
}

/**
 * The name in a Host header or an authority: without the port, in lower case, IPv6 without brackets; null if invalid.
 */
export function hostName(authority: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(authority);
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, "");
}

/** Whether this is a literal address, which unlike a name cannot be made to resolve to another machine. */
function isAddress(name: string): boolean {
  return name.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}

/**
 * The rules for every request, checked before it is routed and before a token is looked at.
 *
 * The Host must be one of this board's names or a literal address, so that a site that points its own name here (DNS
 * rebinding) can read nothing. A page's Origin must be one of ours.
 */
export function judge(asked: Asked, allowedHosts: ReadonlySet<string>): Verdict {
  const { host, origin } = asked;
  if (host === null || host === "") return refuse(400, "the request has no Host header");
  // Two Host headers arrive joined by a comma.
  const name = hostName(host);
  if (name === null) return refuse(400, "the Host header is not a valid name or address");
  if (!isAddress(name) && !allowedHosts.has(name))
    return refuse(421, "unknown host name; add it to allowed_host in [serve]");
  if (origin !== null && !isOurs(origin, asked.scheme, host.toLowerCase()))
    return refuse(403, "requests from other sites are refused");
  return PASS;
}

/**
 * Whether a page is this board's own. Without TLS here, a proxy in front may serve the same page over https; with TLS
 * here, the http page of the same name is another site, which anyone on the way could have made.
 */
function isOurs(origin: string, scheme: Asked["scheme"], host: string): boolean {
  return origin === `https://${host}` || (scheme === "http" && origin === `http://${host}`);
}

/** Requests that change state must be JSON: another site cannot send that without a CORS preflight. */
export function isJson(contentType: string | null): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === "application/json";
}
