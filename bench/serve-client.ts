// `bun bench/serve-client.ts PORT AT_ONCE ROUNDS METHOD PATH [BODY…]`: sends this many concurrent requests over
// connections that stay open, round after round, from its own process, and prints how long each took, in ms, and
// how many were answered from memory. With several bodies, successive requests use them in turn.
import type { Socket } from "bun";

const [portText = "", atOnceText = "", roundsText = "", method = "GET", path = "/", ...bodies] =
  Bun.argv.slice(2);
const [port, atOnce, rounds] = [Number(portText), Number(atOnceText), Number(roundsText)];
const requests = (bodies.length === 0 ? [""] : bodies).map((body) =>
  Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
      (method === "POST"
        ? `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
        : "") +
      `\r\n${body}`,
  ),
);

const CACHED = Buffer.from('"cached":true');
let cached = 0;

/** One connection, for one request at a time. */
class Connection {
  #socket: Socket | null = null;
  #answered = (): void => undefined;
  #head = Buffer.alloc(0);
  #left = -1;
  #isCached = false;

  async open(): Promise<void> {
    this.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, chunk) => this.#take(chunk),
        close: () => {
          throw new Error("the board has closed a connection");
        },
      },
    });
  }

  ask(request: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket?.write(request);
    });
  }

  #take(chunk: Buffer): void {
    let body = chunk;
    if (this.#left < 0) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = this.#head.toString("latin1", 0, end);
      if (!head.startsWith("HTTP/1.1 200")) throw new Error(head);
      this.#left = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      body = this.#head.subarray(end + 4);
      this.#head = Buffer.alloc(0);
    }
    this.#isCached ||= body.includes(CACHED);
    this.#left -= body.length;
    if (this.#left > 0) return;
    this.#left = -1;
    if (this.#isCached) cached += 1;
    this.#isCached = false;
    this.#answered();
  }
}

const connections = Array.from({ length: atOnce }, () => new Connection());
for (const connection of connections) await connection.open();
const tookMs: number[] = [];
let at = 0;
for (let round = 0; round < rounds; round += 1) {
  await Promise.all(
    connections.map(async (connection) => {
      const request = requests[at % requests.length] ?? Buffer.alloc(0);
      at += 1;
      const startedMs = performance.now();
      await connection.ask(request);
      tookMs.push(performance.now() - startedMs);
    }),
  );
}
await Bun.write(Bun.stdout, JSON.stringify({ took_ms: tookMs, cached }));
process.exit(0);
