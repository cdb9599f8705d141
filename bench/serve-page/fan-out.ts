import { readFileSync } from "node:fs";
import type { Socket } from "bun";
import { quantile } from "../../src/bench/measure/statistics.ts";
import { type Served, startServe } from "../../tests/support/serve.ts";

const HANDSHAKE = (port: number): string =>
  `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

interface Reader {
  bytes: number;
  isOpen: boolean;
}

/** A reader that takes all that comes, or, stuck, nothing; it looks into none of it: readers must not be what is slow. */
function connectReader(port: number, isStuck: boolean): Promise<Reader & { socket: Socket }> {
  const reader: Reader = { bytes: 0, isOpen: true };
  return new Promise((resolve, reject) => {
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => {
          socket.write(HANDSHAKE(port));
        },
        data: (socket, chunk) => {
          if (reader.bytes === 0) {
            if (isStuck) socket.pause();
            resolve(Object.assign(reader, { socket }));
          }
          reader.bytes += chunk.length;
        },
        close: () => {
          reader.isOpen = false;
        },
        error: (_, error) => reject(error),
      },
    }).catch(reject);
  });
}

/** When each comparison was asked for, and how long each of its `started` took to a reader. */
class Stopwatch {
  readonly #askedMs = new Map<string, number[]>();
  readonly delaysMs: number[] = [];

  ask(key: string): void {
    const asked = this.#askedMs.get(key) ?? [];
    asked.push(performance.now());
    this.#askedMs.set(key, asked);
  }

  /** A reader's own count by key: the n-th that it hears is the n-th that was asked for. */
  watch(url: string): Promise<WebSocket> {
    const heard = new Map<string, number>();
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
    socket.onmessage = ({ data }) => {
      const text = String(data);
      if (!text.includes('"started"')) return;
      const { nodes } = (JSON.parse(text) as { data: { nodes: string[] } }).data;
      const key = nodes.join();
      const at = heard.get(key) ?? 0;
      heard.set(key, at + 1);
      const askedMs = this.#askedMs.get(key)?.[at];
      if (askedMs !== undefined) this.delaysMs.push(performance.now() - askedMs);
    };
    return new Promise((resolve) => {
      socket.onopen = () => resolve(socket);
    });
  }
}

/** Resident memory; `file` is the executable's own pages for the most part, which the system may drop and share. */
interface Memory {
  readonly all: number;
  readonly file: number;
}

function memoryOf({ pid }: Served): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const bytes = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1_024;
  return { all: bytes("VmRSS"), file: bytes("RssFile") };
}

const STEP_MS = 10;

/**
 * Each comparison tells every reader two things: that it was asked for, and what became of it. Asking for half as many as
 * messages are wanted tells how long the first one takes from the request to a reader, and what all of it takes of the
 * server's memory.
 */
export async function fanOut(
  db: string,
  options: {
    readonly readers: number;
    readonly watched: number;
    readonly messagesPerS: number;
    readonly seconds: number;
  },
): Promise<object> {
  await using served = await startServe(["--db", db]);
  const idle = memoryOf(served);

  const stopwatch = new Stopwatch();
  const watching = await Promise.all(
    Array.from({ length: options.watched }, () => stopwatch.watch(served.url)),
  );
  const readers = await Promise.all(
    Array.from({ length: options.readers - options.watched }, () => connectReader(served.port, false)),
  );
  const stuck = await connectReader(served.port, true);

  const connected = memoryOf(served);
  let most = connected;
  const look = (): void => {
    const now = memoryOf(served);
    if (now.all > most.all) most = now;
  };
  let sent = 0;
  const answers: Promise<unknown>[] = [];
  const startMs = performance.now();
  const wanted = (options.messagesPerS * options.seconds) / 2;
  while (sent < wanted) {
    const due = Math.min(wanted, ((performance.now() - startMs) / 1_000) * (options.messagesPerS / 2));
    for (; sent < due; sent += 1) {
      // Nobody has these nodes: what is asked for in vain is told as any other comparison is.
      const pair = [`nobody-${sent}`, "nobody"];
      stopwatch.ask(pair.join());
      answers.push(
        fetch(`${served.url}/api/comparison`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ nodes: pair, timeRange: 24 }),
        }).then((response) => response.arrayBuffer()),
      );
    }
    look();
    await Bun.sleep(STEP_MS);
  }
  await Promise.all(answers);
  const tookS = (performance.now() - startMs) / 1_000;
  await Bun.sleep(1_000);
  look();
  const lost = readers.filter(({ isOpen }) => !isOpen).length;
  for (const socket of watching) socket.close();
  for (const { socket } of [...readers, stuck]) socket.end();
  const delaysMs = stopwatch.delaysMs.toSorted((a, b) => a - b);
  return {
    readers: options.readers,
    messages_per_s: (2 * sent) / tookS,
    heard: delaysMs.length,
    expected: sent * options.watched,
    readers_lost: lost,
    stuck_reader_was_closed: !stuck.isOpen,
    idle_bytes: idle,
    connected_bytes: connected,
    most_bytes: most,
    delivery_p50_ms: quantile(delaysMs, 0.5),
    delivery_p99_ms: quantile(delaysMs, 0.99),
  };
}
