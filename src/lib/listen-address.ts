/** Where a server listens; IPv6 hosts without brackets. */
export interface ListenAddress {
  readonly hostname: string;
  /** 0 for any free port. */
  readonly port: number;
}

/** `127.0.0.1:8080`, `localhost:0`, `[::1]:8080` → an address; null if the text is not one. */
export function parseListenAddress(text: string): ListenAddress | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text.trim());
  const hostname = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return hostname === undefined || !(port <= 65_535) ? null : { hostname, port };
}

export function formatListenAddress({ hostname, port }: ListenAddress): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
