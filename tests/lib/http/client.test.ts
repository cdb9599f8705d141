import type { Socket } from "bun";
import { expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type Socket as NodeSocket } from "node:net";
import { gzipSync } from "node:zlib";
import { BodyWithdrawn, type Exchange, HttpClient, type Request } from "../../../src/lib/http/client.ts";
import type { Piece } from "../../../src/lib/http/pieces.ts";
import { patient } from "../../support/emulation.ts";
import { startPeer } from "../../support/net/peer.ts";
import { until } from "../../support/until.ts";

const NEVER = new AbortController().signal;

function newClient(url: string, silenceTimeoutMs = 5_000): HttpClient {
  return new HttpClient({
    route: { url: new URL(url), proxy: null, ca: undefined },
    headers: { "User-Agent": "test" },
    connectTimeoutMs: 5_000,
    silenceTimeoutMs,
    now: Date.now,
  });
}

function post(text: string, changes: Partial<Request> = {}): Request {
  const bytes = Buffer.from(text);
  const body = {
    contentType: "text/plain",
    length: bytes.length,
    send: async (sink: (bytes: Uint8Array) => Promise<boolean>) => void (await sink(bytes)),
  };
  return { method: "POST", path: "/take", body, safe: false, ...changes };
}

const lost = (exchange: Exchange): unknown =>
  exchange.type === "lost" ? [exchange.error.message, exchange.whole] : exchange.type;

test("a request is sent as given, and its answer comes back with its headers", async () => {
  using peer = startPeer((socket) =>
    socket.write("HTTP/1.1 202 Accepted\r\nX-One: a\r\nX-One: b\r\nContent-Length: 2\r\n\r\nok"),
  );
  using client = newClient(`${peer.url}/base/`);
  let sentBytes = 0;
  const request = post("hello", { headers: { "X-Two": "2" }, onSent: (bytes) => (sentBytes += bytes) });
  const exchange = await client.exchange(request, NEVER);
  const names = ["x-one", "content-length", "x", "one", "x-two"];
  expect(
    exchange.type === "answer" && {
      ...exchange.answer,
      headers: names.map((name) => exchange.answer.headers.get(name)),
    },
  ).toEqual({
    status: 202,
    headers: ["a, b", "2", undefined, undefined, undefined],
    body: Buffer.from("ok"),
    text: "ok",
    undecoded: null,
  });
  const head = `POST /base/take HTTP/1.1\r\nHost: 127.0.0.1:${peer.port}\r\nUser-Agent: test\r\nX-Two: 2\r\n`;
  expect(peer.received).toBe(`${head}Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello`);
  expect(sentBytes).toBe(peer.received.length);
});

test("withdrawing a body cuts off the request before its last byte", async () => {
  using peer = startPeer(() => {});
  using client = newClient(peer.url);
  const body = {
    contentType: "text/plain",
    length: 10,
    send: async (sink: (bytes: Uint8Array) => Promise<boolean>) => {
      await sink(Buffer.from("half"));
      throw new BodyWithdrawn("on second thoughts");
    },
  };
  const exchange = await client.exchange(post("", { body }), NEVER);
  expect(exchange.type === "withdrawn" && exchange.error.message).toBe("on second thoughts");
  expect(peer.received).not.toContain("halfh");
});

/** What comes of a peer that says something every few milliseconds, and never all; a busy machine is silent for longer. */
async function expectGivenUp(begin: string, more: string): Promise<void> {
  using peer = startPeer((socket) => {
    socket.write(begin);
    const timer = setInterval(() => {
      if (socket.write(more) < 0) clearInterval(timer);
    }, 10);
  });
  const silenceMs = Math.min(patient(500), 2_000);
  using client = newClient(peer.url, silenceMs);
  const told = `no answer within ${(2 * silenceMs) / 1_000} s`;
  expect(lost(await client.exchange(post("a"), NEVER))).toEqual([told, true]);
}

test(
  "an answer whose bytes keep trickling in is given up",
  () => expectGivenUp("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", " "),
  patient(60_000),
);

test(
  "interim answers without an end are no answer either",
  () => expectGivenUp("", "HTTP/1.1 102 Processing\r\n\r\n"),
  patient(60_000),
);

test("an answer unexpectedly in gzip is decoded; an unknown encoding is named", async () => {
  using peer = startPeer((socket, bytes) => {
    const encoding = bytes.includes("gzip") ? "gzip" : "zz";
    const body = gzipSync("a text");
    socket.write(
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body);
  });
  using client = newClient(peer.url);
  const told = [];
  for (const want of ["gzip", "other"]) {
    const exchange = await client.exchange(post(want), NEVER);
    told.push(exchange.type === "answer" && [exchange.answer.text, exchange.answer.undecoded]);
  }
  expect(told).toEqual([
    ["a text", null],
    ["", "zz"],
  ]);
});

test("a server that sends something on an idle connection loses it, and what it sent is ignored", async () => {
  const sockets: Socket<undefined>[] = [];
  using peer = startPeer((socket) => {
    sockets.push(socket);
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  });
  using client = newClient(peer.url);
  expect((await client.exchange(post("a"), NEVER)).type).toBe("answer");
  // What nginx and others send before they close an idle connection.
  sockets[0]?.write("HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n");
  await until(() => peer.closed === 1, "the client has let go of the connection");
  const second = await client.exchange(post("b"), NEVER);
  expect(second.type === "answer" && second.answer.status).toBe(200);
  expect(peer.connections).toBe(2);
});

test("bytes after an answer close its connection", async () => {
  using peer = startPeer((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1more"));
  using client = newClient(peer.url);
  for (let request = 0; request < 2; request += 1) await client.exchange(post("a"), NEVER);
  expect(peer.connections).toBe(2);
});

test("timeouts longer than a timer's limit do not fire at once", async () => {
  using peer = startPeer((socket) =>
    setTimeout(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"), 20),
  );
  using client = newClient(peer.url, 2 ** 40);
  expect((await client.exchange(post("a", { timeoutMs: 2 ** 40 }), NEVER)).type).toBe("answer");
});

/** A peer that does not read before it is told to; then it answers once it has `bytes` of the body. */
async function startLatePeer(bytes: number) {
  const chunks: Buffer[] = [];
  const opened: NodeSocket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    opened.push(socket);
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the peer has no port");
  const body = (): Buffer => {
    const all = Buffer.concat(chunks);
    return all.subarray(all.indexOf("\r\n\r\n") + 4);
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    body,
    read: () => {
      for (const socket of opened) {
        let length = 0;
        socket.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length > bytes && body().length === bytes)
            socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        socket.resume();
      }
    },
    [Symbol.dispose]: () => {
      for (const socket of opened) socket.destroy();
      server.close();
    },
  };
}

/** More than the system holds for a peer that does not read. */
const HELD = Array.from({ length: 60 }, (_, at) => Buffer.alloc(200_000 + at, `piece ${at} `));

function held(pieces: () => readonly Piece[]): Request {
  const length = pieces().reduce((sum, { bytes }) => sum + bytes.length, 0);
  const send = () => Promise.reject(new Error("what is in memory is sent from there"));
  return { ...post(""), body: { contentType: "text/plain", length, send, pieces } };
}

test("what the network does not take at once follows as the peer reads, and each piece is handed over once", async () => {
  const whole = Buffer.concat(HELD);
  using peer = await startLatePeer(whole.length);
  using client = newClient(peer.url, patient(30_000));
  const handed: number[] = [];
  const pieces = HELD.map((bytes, at): Piece => ({ bytes, onHandedOver: () => handed.push(at) }));
  let sentBytes = 0;
  const onSent = (bytes: number): void => {
    sentBytes += bytes;
  };
  const exchanging = client.exchange({ ...held(() => pieces), onSent }, NEVER);
  await until(() => sentBytes > 0, "the system takes the beginning");
  expect(sentBytes).toBeLessThan(whole.length);
  expect(handed.length).toBeLessThan(HELD.length);
  peer.read();
  const exchange = await exchanging;
  expect(exchange.type === "answer" && [exchange.answer.status, exchange.whole]).toEqual([200, true]);
  expect(peer.body().equals(whole)).toBe(true);
  expect(handed).toEqual(HELD.map((_, at) => at));
  expect(sentBytes).toBeGreaterThan(whole.length);
});

test("a peer that never reads is given up after its silence, and did not get the whole", async () => {
  using peer = await startLatePeer(0);
  using client = newClient(peer.url, 200);
  const pieces = HELD.map((bytes): Piece => ({ bytes }));
  const exchange = await client.exchange(
    held(() => pieces),
    NEVER,
  );
  expect(lost(exchange)).toEqual(["silent for 0.2 s", false]);
});

test("waiting for an answer keeps a process alive; an idle connection does not", async () => {
  using peer = startPeer((socket, bytes) => {
    if (bytes.includes("/answered")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const script = `
    import { HttpClient } from ${JSON.stringify(`${import.meta.dir}/../../../src/lib/http/client.ts`)};
    const route = { url: new URL(${JSON.stringify(peer.url)}), proxy: null, ca: undefined };
    const ask = async (path, silenceTimeoutMs) => {
      const options = { route, headers: {}, connectTimeoutMs: 60_000, silenceTimeoutMs, now: Date.now };
      const client = new HttpClient(options);
      const request = { method: "GET", path, safe: true };
      const exchange = await client.exchange(request, new AbortController().signal);
      console.log(exchange.type === "lost" ? exchange.error.message : exchange.answer.text);
    };
    await ask("/silent", 100);
    await ask("/answered", 600_000);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  expect(await new Response(child.stdout).text()).toBe("silent for 0.1 s\nok\n");
  expect(await child.exited).toBe(0);
});
