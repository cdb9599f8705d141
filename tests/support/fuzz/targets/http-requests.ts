import { connect } from "node:net";
import { once } from "node:events";
import { peakBytesOf } from "../../../../bench/support.ts";
import { startServe } from "../../serve/serve.ts";
import { tempFolder } from "../../temp.ts";
import { type FuzzTarget, mustEqual, mustHold } from "../fuzz-target.ts";

/** How long to wait for a silent server: it may be waiting for the rest of the request. */
const QUIET_MS = 60;
const MOST_BYTES = 400 * 1024 * 1024;
/** After this many inputs a plain request must be answered, and memory is checked. */
const LOOK_EVERY = 200;
const STATUSES = new Set([
  101, 200, 204, 302, 304, 400, 401, 403, 404, 405, 411, 413, 414, 415, 417, 421, 426, 429, 431, 501, 503,
  505,
]);

/** Sends bytes as they are and returns everything that comes back. */
async function exchanged(port: number, input: Uint8Array): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.on("error", () => undefined);
  const ended = Promise.race([once(socket, "close"), once(socket, "end")]).catch(() => undefined);
  socket.end(input);
  const quiet = Promise.withResolvers<void>();
  const timer = setTimeout(quiet.resolve, QUIET_MS);
  await Promise.race([ended, quiet.promise]);
  clearTimeout(timer);
  socket.destroy();
  return Buffer.concat(pieces).toString("latin1");
}

/** Whatever is sent to `serve`, it answers with an intended status and goes on answering others. */
export async function httpRequests(): Promise<FuzzTarget> {
  const folder = tempFolder();
  const served = await startServe(["--demo"], { HOME: folder.path });
  const host = `127.0.0.1:${served.port}`;
  const request = (line: string, more = "", body = ""): string =>
    `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}${body === "" ? "" : `Content-Length: ${body.length}\r\n`}\r\n${body}`;
  const json = (path: string, body: unknown): string =>
    request(`POST ${path}`, "Content-Type: application/json\r\n", JSON.stringify(body));
  const seeds = [
    ...[
      "/",
      "/health",
      "/metrics",
      "/api/time?hours=24",
      "/api/nodes?hours=1",
      "/api/sync",
      "/api/history?state=failed&limit=10&offset=0",
      "/api/openapi.json",
      "/nothing",
    ].map((path) => request(`GET ${path}`)),
    json("/api/comparison", { nodes: ["pi-1", "pi-2"], timeRange: 24 }),
    json("/api/login", { token: "x" }),
    json("/api/history/retry", { destination: "sandbox" }),
    request(
      "GET /ws",
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ),
    request("HEAD /"),
    request("OPTIONS *"),
    request(
      "POST /api/comparison",
      "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n",
      "",
    ).concat("2\r\n{}\r\n0\r\n\r\n"),
  ];
  let runs = 0;
  return {
    end: async () => {
      await served.end();
      folder[Symbol.dispose]();
    },
    seeds: seeds.map((text) => new Uint8Array(Buffer.from(text, "latin1"))),
    dictionary: [
      "\r\n",
      "\r\n\r\n",
      "GET ",
      "DELETE ",
      "/../",
      "%2e%2e",
      "%00",
      "?",
      "&",
      "Host: evil\r\n",
      "Content-Length: 5\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Expect: 100-continue\r\n",
      "Range: bytes=0-\r\n",
      "hours=",
      "limit=",
      "-1",
      "1e9",
      "NaN",
      '"nodes"',
      '"timeRange":',
      "[[[[",
      "\\ud800",
      "\x81\xfe\xff\xff",
      "Origin: http://evil\r\n",
      "If-None-Match: *\r\n",
      "Cookie: nodupe_session=",
      "\0",
    ],
    mostBytes: 4_096,
    run: async (input) => {
      runs += 1;
      const answer = await exchanged(served.port, input);
      mustHold(answer === "" || answer.startsWith("HTTP/1.1 "), `an answer is HTTP: ${answer.slice(0, 80)}`);
      const status = answer === "" ? 0 : Number(answer.slice(9, 12));
      mustHold(status === 0 || STATUSES.has(status), `a status that is meant: ${answer.slice(0, 300)}`);
      if (runs % LOOK_EVERY === 0) {
        mustEqual(
          (await served.ask("/api/openapi.json")).status,
          200,
          "the status of a plain request meanwhile",
        );
        mustHold(peakBytesOf(served.pid) < MOST_BYTES, "memory is bounded");
        mustEqual(
          /\bat \w+ \(|internal error/.test(served.stderr()),
          false,
          `what the server says of itself: ${served.stderr()}`,
        );
      }
      const [line = ""] = Buffer.from(input).toString("latin1").split("\r\n");
      return `${status} ${/^(GET|HEAD|POST|OPTIONS) (\/[a-z./]*)/.exec(line)?.slice(1, 3).join(" ").slice(0, 40) ?? ""}`;
    },
  };
}
