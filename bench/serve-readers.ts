// `bun bench/serve-readers.ts PORT READERS` connects this many readers, and one that is stuck, to a board's /ws.
// They run in their own process, so that their cost is not counted as the board's. A line on stdin ends it; it
// then prints what it received.
import type { Socket } from "bun";

/** One in this many readers parses what it receives: parsing must not be the bottleneck. */
const WATCHED_EVERY = 10;
const [port = 0, count = 0] = Bun.argv.slice(2).map(Number);

const HANDSHAKE =
  `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A request names a node after the moment at which it was sent, in microseconds since the epoch. */
const STAMP = /\["asked-(\d+)",[^}]*"state":"started"/g;

interface Reader {
  readonly socket: Socket;
  readonly state: { bytes: number; isOpen: boolean };
}

const delaysMs: number[] = [];

/** Frames can be split anywhere: the bytes after the last complete stamp are examined again with the next ones. */
function watcher(): (chunk: Buffer) => void {
  let rest = "";
  return (chunk) => {
    const nowMs = performance.timeOrigin + performance.now();
    const text = rest + chunk.toString("latin1");
    let end = 0;
    for (const { 1: stamp, index, 0: whole } of text.matchAll(STAMP)) {
      if (stamp !== undefined) delaysMs.push(nowMs - Number(stamp) / 1_000);
      end = index + whole.length;
    }
    rest = text.slice(Math.max(end, text.length - 300));
  };
}

function connect(how: "watched" | "unwatched" | "stuck"): Promise<Reader> {
  const state = { bytes: 0, isOpen: true };
  const look = how === "watched" ? watcher() : null;
  return new Promise((resolve, reject) => {
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => {
          socket.write(HANDSHAKE);
        },
        data: (socket, chunk) => {
          if (state.bytes === 0) {
            if (how === "stuck") socket.pause();
            resolve({ socket, state });
          }
          state.bytes += chunk.length;
          look?.(chunk);
        },
        close: () => {
          state.isOpen = false;
        },
        error: (_, error) => reject(error),
      },
    }).catch(reject);
  });
}

const readers: Reader[] = [];
for (let at = 0; at < count; at += 1)
  readers.push(await connect(at % WATCHED_EVERY === 0 ? "watched" : "unwatched"));
const stuck = await connect("stuck");
await Bun.write(Bun.stdout, "connected\n");
for await (const _ of console) break;
// It has read nothing so far, so it could not notice being disconnected either.
stuck.socket.resume();
for (let at = 0; at < 50 && stuck.state.isOpen; at += 1) await Bun.sleep(20);
await Bun.write(
  Bun.stdout,
  `${JSON.stringify({
    delays_ms: delaysMs,
    readers_lost: readers.filter(({ state }) => !state.isOpen).length,
    bytes: readers.reduce((sum, { state }) => sum + state.bytes, 0),
    stuck_reader_was_closed: !stuck.state.isOpen,
    watched: readers.filter((_, at) => at % WATCHED_EVERY === 0).length,
  })}\n`,
);
process.exit(0);
