// `bun bench/serve-readers.ts PORT READERS` connects so many readers to a board's /ws, and one that is stuck, in a
// process of their own: what they cost is not the board's. A line on stdin ends it; it then prints what it heard.
import type { Socket } from "bun";

/** Every so manieth reader looks into what it gets: looking must not be what is slow. */
const WATCHED_EVERY = 10;
const [port = 0, count = 0] = Bun.argv.slice(2).map(Number);

const HANDSHAKE =
  `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A question names a node for the moment at which it was asked, in microseconds since the epoch. */
const STAMP = /\["asked-(\d+)",[^}]*"state":"started"/g;

interface Reader {
  readonly socket: Socket;
  readonly tell: { bytes: number; isOpen: boolean };
}

const delaysMs: number[] = [];

/** Its frames may be cut anywhere: what is behind the last whole stamp is looked at again with what comes next. */
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
  const tell = { bytes: 0, isOpen: true };
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
          if (tell.bytes === 0) {
            if (how === "stuck") socket.pause();
            resolve({ socket, tell });
          }
          tell.bytes += chunk.length;
          look?.(chunk);
        },
        close: () => {
          tell.isOpen = false;
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
// It took nothing so far, so that it could not hear either whether it was cut off.
stuck.socket.resume();
for (let at = 0; at < 50 && stuck.tell.isOpen; at += 1) await Bun.sleep(20);
await Bun.write(
  Bun.stdout,
  `${JSON.stringify({
    delays_ms: delaysMs,
    readers_lost: readers.filter(({ tell }) => !tell.isOpen).length,
    bytes: readers.reduce((sum, { tell }) => sum + tell.bytes, 0),
    stuck_reader_was_closed: !stuck.tell.isOpen,
    watched: readers.filter((_, at) => at % WATCHED_EVERY === 0).length,
  })}\n`,
);
process.exit(0);
