import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { boardStore } from "../../support/serve/board.ts";
import { patient } from "../../support/emulation.ts";
import { RandomRequests } from "../../support/serve/random-requests.ts";
import { raw, type RawConnection, rawConnection } from "../../support/serve/raw-http.ts";
import { type Served, startServe } from "../../support/serve/serve.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const TOKEN = "a token of many letters";
const AUTHORIZATION = `Bearer ${TOKEN}`;

let folder: TempFolder;
/** For this machine alone, and one that wants a token; both with the same data. */
let open: Served;
let closed: Served;

beforeAll(async () => {
  folder = tempFolder();
  const db = await boardStore(folder);
  const token = folder.file("token");
  writeFileSync(token, TOKEN, { mode: 0o600 });
  open = await startServe(["--db", db]);
  closed = await startServe(["--db", db, "--token-file", token]);
}, patient(120_000));

afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await closed[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** What no answer to a stranger may have in it: data of the board, paths of the machine, places in the program. */
const INSIDE = /pi-[12]|amina|store\.db|\/tmp\/|src\/|node_modules|\.ts:\d+|\bat [\w.]+ \(|SQLite|root:x/;

test("foreign hosts, two hosts and foreign origins are refused before anything is routed", async () => {
  const statusOf = async (headers: string): Promise<number> =>
    (await raw(open.port, `GET /health HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`)).status;
  expect(await statusOf(`Host: localhost:${open.port}\r\n`)).toBe(200);
  expect(await statusOf("Host: evil.example\r\n")).toBe(421);
  expect(await statusOf("Host: localhost.evil.example\r\n")).toBe(421);
  expect(await statusOf("Host: localhost\r\nHost: evil.example\r\n")).toBe(400);
  expect(await statusOf("Host: evil.example\r\nHost: localhost\r\n")).toBe(400);
  expect(await statusOf("Host: localhost\r\nOrigin: http://evil.example\r\n")).toBe(403);
  expect(await statusOf("Host: localhost\r\nOrigin: null\r\n")).toBe(403);
  expect(await statusOf("")).toBe(400);
  const absolute = "GET http://localhost/health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
  expect((await raw(open.port, absolute)).status).toBe(421);
  const socket = (origin: string): string =>
    `GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
  expect((await raw(open.port, socket("http://evil.example"))).status).toBe(403);
});

test(
  "a wrong method is told the right ones, whatever it brings along",
  async () => {
    const { paths } = (await open.ask("/api/openapi.json")).body as { paths: Record<string, object> };
    const known = Object.entries(paths).map(
      ([path, of]) => [path, Object.keys(of).map((name) => name.toUpperCase())] as const,
    );
    expect(known.length).toBeGreaterThan(12);
    for (const [path, methods] of known) {
      const allow = methods.includes("GET") ? "GET, HEAD" : "POST";
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        if (methods.includes(method)) continue;
        for (const headers of [{}, { "content-type": "application/json" }]) {
          const told = await open.ask(path, { method, headers });
          expect({ path, method, status: told.status, allow: told.headers.get("allow") }).toEqual({
            path,
            method,
            status: 405,
            allow,
          });
        }
      }
    }
    expect((await open.ask("/", { method: "POST" })).status).toBe(405);
    expect((await open.ask("/ws", { method: "POST" })).status).toBe(405);
    expect((await open.ask("/nowhere", { method: "DELETE" })).status).toBe(404);
    // A form of another site could send this without being asked.
    const form = await open.ask("/api/login", { method: "POST", body: new URLSearchParams({ token: "x" }) });
    expect(form.status).toBe(415);
  },
  patient(60_000),
);

test("HEAD has the headers of GET and no body, and a stream that is asked for so does not stay open", async () => {
  for (const path of ["/", "/api/metrics", "/api/openapi.json"]) {
    const whole = await fetch(open.url + path, { headers: { "accept-encoding": "identity" } });
    const { length } = await whole.bytes();
    const head = `HEAD ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    const { status, text } = await raw(open.port, head);
    const told = Number(/^content-length: *(\d+)/im.exec(text)?.[1]);
    expect([path, status, told, text.endsWith("\r\n\r\n")]).toEqual([path, whole.status, length, true]);
  }
  // More than there may be streams at a time.
  for (let count = 0; count < 520; count += 1)
    expect((await fetch(`${open.url}/api/events`, { method: "HEAD" })).status).toBe(200);
  const stop = new AbortController();
  expect((await fetch(`${open.url}/api/events`, { signal: stop.signal })).status).toBe(200);
  stop.abort();
}, 300_000);

test("an encoding that the client refuses is not used", async () => {
  const encodingFor = async (accepted: string): Promise<string | null> => {
    const answer = await fetch(`${open.url}/api/openapi.json`, {
      headers: { "accept-encoding": accepted },
      decompress: false,
    });
    await answer.bytes();
    return answer.headers.get("content-encoding");
  };
  expect(await encodingFor("br, GZIP;q=0.5")).toBe("gzip");
  expect(await encodingFor("gzip;q=0, identity")).toBeNull();
});

test("what is too large is refused: a body, whether it says so or not, a header, a path", async () => {
  const body = JSON.stringify({ nodes: ["x".repeat(70_000), "y"] });
  const head = "POST /api/comparison HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const told = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  expect((await raw(open.port, told)).status).toBe(413);
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  expect((await raw(open.port, chunked)).status).toBe(413);
  const promised = `${head}Content-Length: 99999999999\r\n\r\n`;
  expect((await raw(open.port, promised)).status).toBe(413);
  const long = "z".repeat(100_000);
  expect(
    (await raw(open.port, `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: ${long}\r\n\r\n`)).status,
  ).toBe(431);
  expect((await raw(open.port, `GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).status).toBe(431);
  const both = `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
  expect((await raw(open.port, both)).status).toBe(400);
});

const TRAVERSALS = [
  "/../../../../etc/passwd",
  "/..%2f..%2f..%2fetc/passwd",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/..%252f..%252fetc/passwd",
  "/..\\..\\etc\\passwd",
  "//etc/passwd",
  "/./etc/passwd",
  "/etc/passwd%00.html",
  "/%c0%ae%c0%ae/etc/passwd",
  "/api/../../../etc/passwd",
  "/api/time/../../store.db",
  "/chunk-..%2f..%2fstore.db",
  "/index.html",
  "/main.tsx",
  "/.env",
];

test("there is no file system behind the paths", async () => {
  for (const path of TRAVERSALS) {
    const { status, text } = await raw(
      open.port,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect({ path, isRefused: status >= 400 && status < 500, leaks: INSIDE.test(text) }).toEqual({
      path,
      isRefused: true,
      leaks: false,
    });
  }
});

test("whoever guesses tokens has to wait in the end, and the right one is not asked for meanwhile", async () => {
  const guess = (token: string): Promise<number> =>
    closed.ask("/health", { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);
  const told: number[] = [];
  for (let number = 0; number < 8; number += 1) told.push(await guess(`guess ${number}`));
  expect(told).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  const waiting = await closed.post("/api/login", { token: TOKEN });
  expect(waiting.status).toBe(429);
  expect(Number(waiting.headers.get("retry-after"))).toBeGreaterThan(0);
});

const REQUESTS = 5_000;
const AT_ONCE = 32;

async function hail(
  served: Served,
  requests: RandomRequests,
  judge: (told: { status: number; text: string }, sent: string) => void,
): Promise<void> {
  let left = REQUESTS;
  const send = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const bytes = requests.next();
      judge(await raw(served.port, bytes), Buffer.from(bytes).toString("latin1").slice(0, 300));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
}

test(
  "of 5,000 random requests of a stranger none is answered with data, and none with more than a 4xx",
  async () => {
    await hail(closed, new RandomRequests(14, null), ({ status, text }, sent) => {
      // 0: what is no HTTP is not worth an answer. 505: another HTTP than 1.1.
      // A path that leads back to the page is no secret: the page is all that a stranger gets.
      if (status === 200 && text.includes("require-trusted-types-for")) return;
      const isRefused = status === 0 || status === 505 || (status >= 400 && status < 500);
      if (isRefused && !INSIDE.test(text)) return;
      throw new Error(`not refused: ${JSON.stringify({ sent, status, text: text.slice(0, 500) })}`);
    });
    const { status } = await raw(
      closed.port,
      `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(status).toBe(200);
  },
  patient(180_000),
);

test(
  "of 5,000 more by somebody who may ask none crashes it or makes it tell of its inside",
  async () => {
    await using served = await startServe([
      "--db",
      folder.file("store.db"),
      "--token-file",
      folder.file("token"),
    ]);
    await hail(served, new RandomRequests(15, AUTHORIZATION), ({ status, text }, sent) => {
      if (
        (status < 500 || status === 505) &&
        !/node_modules|\.ts:\d+|\bat [\w.]+ \(|SQLite|root:x/.test(text)
      )
        return;
      throw new Error(`not answered: ${JSON.stringify({ sent, status, text: text.slice(0, 500) })}`);
    });
    const health = await served.ask("/health", { headers: { authorization: AUTHORIZATION } });
    expect([health.status, served.stderr()]).toEqual([200, ""]);
  },
  patient(180_000),
);

test(
  "endless readers are bounded",
  async () => {
    const ask = (): RawConnection =>
      rawConnection(open.port, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const readers = Array.from({ length: 520 }, ask);
    const first = await Promise.all(
      readers.map(
        ({ socket }) =>
          new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data)))),
      ),
    );
    const count = (status: number): number =>
      first.filter((text) => text.startsWith(`HTTP/1.1 ${status}`)).length;
    expect([count(200), count(503)]).toEqual([500, 20]);
    expect((await open.ask("/health")).status).toBe(200);
    for (const { socket } of readers) socket.destroy();
    await until(async () => {
      const { socket, answer } = ask();
      socket.once("data", () => socket.destroy());
      return (await answer).status === 200;
    }, "places are free again");
  },
  patient(60_000),
);

test(
  "requests that are never finished are bounded, and leave no trace when they go",
  async () => {
    await using served = await startServe(["--db", ":memory:"]);
    const half =
      "POST /api/comparison HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{";
    const slow = Array.from({ length: 256 }, () => rawConnection(served.port, half));
    const health = async (): Promise<number> => (await served.ask("/health")).status;
    await until(async () => (await health()) === 503, "all places are taken");
    const refused = await served.ask("/health");
    expect([refused.body, refused.headers.get("retry-after")]).toEqual([
      { error: "too many requests at once" },
      "1",
    ]);
    for (const { socket } of slow) socket.destroy();
    await until(async () => (await health()) === 200, "places are free again");
    expect(served.stderr()).toBe("");
  },
  patient(60_000),
);

test(
  "slow clients are cut off, however slowly they send, while others are answered",
  async () => {
    const head =
      "POST /api/comparison HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{";
    const half = "GET /health HTTP/1.1\r\nHost: loc";
    const slow = [half, half, head, head].map((bytes) => rawConnection(open.port, bytes));
    const [, tricklingHead, , tricklingBody] = slow;
    const trickle = setInterval(() => {
      tricklingHead?.socket.write("a");
      tricklingBody?.socket.write("a");
    }, 2_000);
    try {
      const answers = Promise.all(slow.map(({ answer }) => answer));
      expect((await open.ask("/health")).status).toBe(200);
      for (const { status } of await answers) expect([0, 400, 408]).toContain(status);
    } finally {
      clearInterval(trickle);
    }
  },
  patient(120_000),
);

test(
  "SIGTERM ends it within five seconds though readers are connected, and a slow request is still answered",
  async () => {
    await using served = await startServe(["--db", folder.file("store.db")]);
    const events = await fetch(`${served.url}/api/events`);
    const socket = new WebSocket(`${served.url.replace("http", "ws")}/ws`);
    await new Promise<void>((resolve) => {
      socket.onopen = () => resolve();
    });
    const left = new Promise<number>((resolve) => {
      socket.onclose = ({ code }) => resolve(code);
    });
    const body = JSON.stringify({ nodes: ["pi-1", "pi-2"], timeRange: 24 });
    const slow = rawConnection(
      served.port,
      `POST /api/comparison HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );
    await until(() => slow.socket.bytesWritten > 0, "half of the request was sent");
    const startedMs = performance.now();
    const ended = served.end();
    expect(await left).toBe(1001);
    slow.socket.write(body.slice(10));
    const answer = await slow.answer;
    expect([answer.status, answer.text.includes('"verdicts"')]).toEqual([200, true]);
    expect(await ended).toBe(143);
    expect(performance.now() - startedMs).toBeLessThan(patient(5_000));
    await events.body?.cancel();
  },
  patient(60_000),
);
