/** URLs hold IPv6 addresses in brackets; sockets and lists do not. */
export function bareHost(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

export function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

/** 127.0.0.0/8, ::1, `localhost` and the names below it (RFC 6761). */
export function isLoopback(hostname: string): boolean {
  const host = bareHost(hostname).toLowerCase().replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  // URL normalizes every IPv4 address to this form.
  return /^127(\.\d{1,3}){3}$/.test(host);
}
