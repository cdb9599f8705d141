import { readFileSync } from "node:fs";
import { join } from "node:path";
import { quantile } from "../../src/bench/measure/statistics.ts";
import { linesOf } from "../../tests/support/lines.ts";
import { type Served, startServe } from "../../tests/support/serve/serve.ts";
import { cpuS } from "../support.ts";

/** Resident memory; `file` is mostly the executable's own pages, which the system can drop and share. */
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

/** What serve-readers.ts prints at its end. */
interface Heard {
  readonly delays_ms: readonly number[];
  readonly watched: number;
  readonly bytes: number;
  readonly readers_lost: number;
  readonly stuck_reader_was_closed: boolean;
}

const STEP_MS = 2;
/** By then a board has freed the memory that only its start needed. */
const SETTLED_MS = 17_000;

/** Makes messages as long as typical ones of the page: some 350 bytes. */
const NOBODY = "nobody".repeat(32);

/** Sends requests over one connection: a cheap client, whose own work delays nothing. */
async function connectAsker(
  url: string,
): Promise<{ ask: () => void; answered: () => number; end: () => void }> {
  let answered = 0;
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?topics=none`);
  socket.onmessage = () => {
    answered += 1;
  };
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  return {
    // These nodes do not exist: a failed request is reported to readers like any other.
    ask: () => {
      const askedUs = Math.round((performance.timeOrigin + performance.now()) * 1_000);
      const names = [`asked-${askedUs}`, NOBODY];
      socket.send(JSON.stringify({ type: "get_comparison_data", node_names: names, time_range: 24 }));
    },
    answered: () => answered,
    end: () => socket.close(),
  };
}

/**
 * Each failing comparison sends every reader two messages: that it was requested, and its outcome. So half as many
 * requests are made as messages are wanted. Measures the time from a request to its first message, and the
 * server's memory. The readers run in their own process.
 */
export async function fanOut(
  db: string,
  options: { readonly readers: number; readonly messagesPerS: number; readonly seconds: number },
): Promise<object> {
  await using served = await startServe(["--db", db]);
  await Bun.sleep(SETTLED_MS);
  const idle = memoryOf(served);
  const readers = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../serve-readers.ts"), `${served.port}`, `${options.readers}`],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const told = linesOf(readers.stdout);
  await told.next();
  const asker = await connectAsker(served.url);

  const connected = memoryOf(served);
  let most = connected;
  const look = (): void => {
    const now = memoryOf(served);
    if (now.all > most.all) most = now;
  };
  const before = { board: cpuS(served.pid), readers: cpuS(readers.pid) };
  let sent = 0;
  const startMs = performance.now();
  const wanted = (options.messagesPerS * options.seconds) / 2;
  while (sent < wanted) {
    const due = Math.min(wanted, ((performance.now() - startMs) / 1_000) * (options.messagesPerS / 2));
    for (; sent < due; sent += 1) asker.ask();
    look();
    await Bun.sleep(STEP_MS);
  }
  const tookS = (performance.now() - startMs) / 1_000;
  await Bun.sleep(1_000);
  look();
  const cpuOf = (pid: number, from: number): number => ((cpuS(pid) - from) / tookS) * 100;
  const cpu = { board: cpuOf(served.pid, before.board), readers: cpuOf(readers.pid, before.readers) };
  asker.end();
  await readers.stdin.write("\n");
  await readers.stdin.end();
  const { value = "{}" } = await told.next();
  const {
    delays_ms: delays,
    watched,
    bytes,
    readers_lost,
    stuck_reader_was_closed,
  } = JSON.parse(String(value)) as Heard;
  const delaysMs = delays.toSorted((a, b) => a - b);
  return {
    readers: options.readers,
    messages_per_s: (2 * sent) / tookS,
    answered: asker.answered(),
    heard: delaysMs.length,
    expected: sent * watched,
    bytes_per_s: Math.round(bytes / tookS),
    readers_lost,
    stuck_reader_was_closed,
    board_cpu_percent: cpu.board,
    readers_cpu_percent: cpu.readers,
    idle_bytes: idle,
    connected_bytes: connected,
    most_bytes: most,
    delivery_p50_ms: quantile(delaysMs, 0.5),
    delivery_p99_ms: quantile(delaysMs, 0.99),
  };
}
