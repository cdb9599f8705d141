import { seededRandom } from "../../../src/lib/seeded-random.ts";

const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "PATCH",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PROPFIND",
  "get",
  "G\tT",
  "",
];
const VERSIONS = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "HTTP/", ""];
const PATHS = [
  "/health",
  "/metrics",
  "/ws",
  "/api/board",
  "/api/comparison",
  "/api/events",
  "/api/history",
  "/api/login",
  "/api/logout",
  "/api/metrics",
  "/api/nodes",
  "/api/openapi.json",
  "/api/sync",
  "/api/sync/retry",
  "/api/system",
  "/api/time",
  "/api",
  "/etc/passwd",
  "//",
  "/index.html",
  "/main.tsx",
  "*",
];
const PIECES = [
  "..",
  "%2e%2e",
  "%00",
  "\\",
  "//",
  ";",
  "%c0%af",
  "~",
  "proc/self/environ",
  "%",
  "%zz",
  "\u00ff",
  " ",
];
const QUERIES = [
  "hours=-1",
  "hours=1e9",
  "hours=24&hours=24",
  "limit=0x10",
  "limit=200&offset=99999999999",
  "state=done,nothing",
  "__proto__[x]=1",
  "constructor=1",
  "a=%",
  "q='%20OR%201=1--",
  "series=none",
];
const BODIES = [
  "",
  "{",
  "null",
  "[]",
  '"text"',
  "1e999",
  '{"token":1}',
  '{"token":""}',
  '{"nodes":["pi-1"]}',
  '{"nodes":["pi-1","pi-1"]}',
  '{"nodes":["pi-1","nobody"],"timeRange":1e300}',
  '{"nodes":["pi-1","pi-2"],"timeRange":-1}',
  '{"node_names":["a","b"],"comparison_type":"__proto__"}',
  '{"__proto__":{"nodes":["pi-1","pi-2"]}}',
  '{"destination":"\' OR 1=1 --"}',
  '{"checksum":"../../etc/passwd"}',
];
const HOSTS = [
  "localhost",
  "127.0.0.1",
  "[::1]",
  "evil.example",
  "localhost, evil.example",
  "a b",
  "localhost:99999999",
  "",
];

/** Requests that nobody would send by accident; the same ones for the same seed. */
export class RandomRequests {
  readonly #random: () => number;
  readonly #authorization: string | null;

  /** `authorization`: the header of authorized clients; null: nobody is authorized. */
  constructor(seed: number, authorization: string | null) {
    this.#random = seededRandom(seed);
    this.#authorization = authorization;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #one<T>(of: readonly T[]): T {
    const found = of[this.#below(of.length)];
    if (found === undefined) throw new Error("Cannot choose from nothing");
    return found;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #bytes(most: number): string {
    return Array.from({ length: this.#below(most) }, () => String.fromCharCode(this.#below(256))).join("");
  }

  #path(): string {
    let path = this.#one(PATHS);
    while (this.#chance(0.25)) path += `/${this.#one(PIECES)}`;
    if (this.#chance(0.05)) path += `/${this.#bytes(40)}`;
    if (this.#chance(0.02)) path += `/${"a".repeat(this.#below(40_000))}`;
    if (this.#chance(0.3)) path += `?${this.#one(QUERIES)}`;
    return path;
  }

  #body(): string {
    if (this.#chance(0.1)) return this.#bytes(200);
    if (this.#chance(0.03)) return "[".repeat(this.#below(30_000));
    if (this.#chance(0.02)) return `{"token":"${"x".repeat(this.#below(100_000))}"}`;
    return this.#one(BODIES);
  }

  #headers(body: string): string[] {
    const headers = [`Host: ${this.#chance(0.7) ? "localhost" : this.#one(HOSTS)}`];
    if (this.#authorization !== null) headers.push(`Authorization: ${this.#authorization}`);
    else if (this.#chance(0.2)) headers.push(`Cookie: nodupe_session=${this.#bytes(40)}`);
    if (this.#chance(0.7)) headers.push("Content-Type: application/json");
    if (this.#chance(0.1)) headers.push("Origin: http://evil.example");
    if (this.#chance(0.1)) headers.push("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x");
    if (this.#chance(0.1)) headers.push(`X-${this.#below(99)}: ${this.#bytes(60)}`);
    if (this.#chance(0.02)) headers.push(`X-Long: ${"y".repeat(this.#below(60_000))}`);
    if (this.#chance(0.05)) headers.push("Transfer-Encoding: chunked");
    if (body !== "" || this.#chance(0.3))
      headers.push(`Content-Length: ${this.#chance(0.9) ? body.length : this.#below(2 ** 31)}`);
    if (this.#chance(0.03)) headers.push(`Content-Length: ${this.#below(99)}`);
    if (this.#chance(0.05)) headers.push("Range: bytes=0-99999999");
    return headers;
  }

  next(): Uint8Array {
    if (this.#chance(0.03)) return Buffer.from(this.#bytes(500), "latin1");
    const body = this.#body();
    const line = [this.#one(METHODS), this.#path(), this.#one(VERSIONS)].join(" ");
    return Buffer.from(`${[line, ...this.#headers(body)].join("\r\n")}\r\n\r\n${body}`, "latin1");
  }
}
