import { expect, test } from "bun:test";
import type { Socket } from "bun";
import { startPeer } from "../../support/net/peer.ts";
import { item, NEVER, sha256, testClient } from "../../support/upload/tanova.ts";

/** An answer as a server writes it. */
function reply(status: string, body = "", headers = ""): string {
  return `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Answers each request with the same text, once its body's last bytes are there. */
function answering(text: string): (socket: Socket<undefined>, bytes: Buffer) => void {
  return (socket, bytes) => {
    if (bytes.includes("--\r\n", bytes.length - 4) || bytes.includes('"}', bytes.length - 2))
      socket.write(text);
  };
}

const HTML = "<html><head><title>Bad\n Gateway</title></head></html>";

/** A 200 that says nothing of the upload. */
const FOREIGN_200 = {
  type: "ambiguous",
  status: 200,
  reason: "HTTP 200, but not the answer of the Tanova API",
  retryAfterMs: null,
  isUnrecognised: true,
} as const;

test.each([
  ["200 OK", '{"candidateId":"c1"}', "", { type: "stored", candidateId: "c1" }],
  ["200 OK", '{"candidateId":7}', "", { type: "stored", candidateId: "7" }],
  ["201 Created", '{"success":true}', "", { type: "stored", candidateId: null }],
  ...[
    "{}",
    '{"success":false,"candidateId":"c1"}',
    '{"status":"maintenance"}',
    '{"candidateId":""}',
    "[]",
    "null",
    "",
  ].map((body) => ["200 OK", body, "", FOREIGN_200] as const),
  ["409 Conflict", '{"message":"known: Jane Doe"}', "", { type: "duplicate" }],
  ["400 Bad", '{"message":"no CV"}', "", { type: "permanent", status: 400, reason: "no CV" }],
  ["413 Large", HTML, "", { type: "permanent", status: 413, reason: "HTTP 413 (a web page: Bad Gateway)" }],
  ["418 Teapot", "", "", { type: "permanent", status: 418, reason: "HTTP 418" }],
  ["418 Teapot", "[1]", "", { type: "permanent", status: 418, reason: "HTTP 418 ([1])" }],
  ["400 Bad", '{"error":"no CV"}', "", { type: "permanent", status: 400, reason: "no CV" }],
  [
    "422 No",
    "too\tlarge\u202E\nsecond line",
    "",
    { type: "permanent", status: 422, reason: "HTTP 422 (too large)" },
  ],
  [
    "418 Teapot",
    "x",
    "Content-Encoding: zstd-9\r\n",
    { type: "permanent", status: 418, reason: "HTTP 418 (its answer is in zstd-9, which cannot be read)" },
  ],
  ["401 No", '{"message":"bad key"}', "", { type: "unauthorized", status: 401, reason: "bad key" }],
  ["403 No", '{"message":"no right"}', "", { type: "unauthorized", status: 403, reason: "no right" }],
  [
    "429 Slow",
    '{"message":"slow down"}',
    "Retry-After: 7\r\n",
    { type: "transient", status: 429, reason: "slow down", retryAfterMs: 7_000 },
  ],
  [
    "408 Late",
    "",
    "",
    { type: "ambiguous", status: 408, reason: "HTTP 408", retryAfterMs: null, isUnrecognised: false },
  ],
  ["404 No", "", "", { type: "misplaced", status: 404, reason: "HTTP 404" }],
  ["405 No", "", "", { type: "misplaced", status: 405, reason: "HTTP 405" }],
  [
    "503 Busy",
    "",
    "",
    { type: "ambiguous", status: 503, reason: "HTTP 503", retryAfterMs: null, isUnrecognised: false },
  ],
  [
    "204 No Content",
    "",
    "",
    { ...FOREIGN_200, status: 204, reason: FOREIGN_200.reason.replace("200", "204") },
  ],
  ["425 Early", "", "", { type: "transient", status: 425, reason: "HTTP 425", retryAfterMs: null }],
  [
    "500 Oops",
    '{"message":"broken"}',
    "",
    { type: "ambiguous", status: 500, reason: "broken", retryAfterMs: null, isUnrecognised: false },
  ],
  [
    "502 Bad Gateway",
    HTML,
    "",
    {
      type: "ambiguous",
      status: 502,
      reason: "HTTP 502 (a web page: Bad Gateway)",
      retryAfterMs: null,
      isUnrecognised: false,
    },
  ],
  [
    "503 Busy",
    '{"message":"busy"}',
    "Retry-After: Fri, 20 Nov 2026 12:00:09 GMT\r\n",
    { type: "transient", status: 503, reason: "busy", retryAfterMs: 9_000 },
  ],
  ["200 OK", "<html><title>Hotel Wi-Fi</title></html>", "", FOREIGN_200],
  [
    "302 Found",
    "",
    "Location: https://elsewhere.example/login?token=secret\r\n",
    {
      type: "misplaced",
      status: 302,
      reason:
        "HTTP 302: the server redirects to https://elsewhere.example/login; redirects are not followed, give the right --url",
    },
  ],
  [
    "400 Bad",
    '{"message":"key tanova_sk_test\\u0007 is\\n odd"}',
    "",
    { type: "permanent", status: 400, reason: "key *** is odd" },
  ],
] as const)("an upload answered %s %s", async (status, body, headers, outcome) => {
  using server = startPeer(answering(reply(status, body, headers)));
  using client = testClient({ ...server, now: () => Date.UTC(2026, 10, 20, 12, 0, 0) });
  expect(await client.upload(item("a content"), NEVER)).toEqual(outcome);
});

test("no server there: certainly not stored", async () => {
  const server = startPeer(() => {});
  server[Symbol.dispose]();
  using client = testClient(server);
  const outcome = { status: null, reason: "connection refused", retryAfterMs: null } as const;
  expect(await client.upload(item("a"), NEVER)).toEqual({ type: "transient", ...outcome });
  expect(await client.health(NEVER)).toEqual({ type: "unreachable", ...outcome });
  expect(await client.check(sha256("a"), NEVER)).toMatchObject({ type: "unanswered" });
});

test("silence after the last byte: the server may have it", async () => {
  using server = startPeer(() => {});
  using client = testClient({ ...server, silenceTimeoutMs: 100 });
  expect(await client.upload(item("a"), NEVER)).toEqual({
    type: "ambiguous",
    status: null,
    reason: "silent for 0.1 s",
    retryAfterMs: null,
    isUnrecognised: false,
  });
});

test("a server that takes no more bytes: certainly not stored", async () => {
  using server = startPeer(
    () => {},
    (socket) => socket.pause(),
  );
  using client = testClient({ ...server, silenceTimeoutMs: 200 });
  const outcome = await client.upload(item(Buffer.alloc(30_000_000, "large")), NEVER);
  expect(outcome).toEqual({
    type: "transient",
    status: null,
    reason: "silent for 0.2 s",
    retryAfterMs: null,
  });
});

test("a server that never completes the handshake is given up in time", async () => {
  using server = startPeer(() => {});
  using client = testClient({ url: `https://127.0.0.1:${server.port}`, connectTimeoutMs: 150 });
  expect(await client.upload(item("a"), NEVER)).toEqual({
    type: "transient",
    status: null,
    reason: "no connection within 0.15 s",
    retryAfterMs: null,
  });
});

test("cut after the whole request: ambiguous; cut before: certainly not stored", async () => {
  using after = startPeer((socket, bytes) => {
    if (bytes.includes("--\r\n", bytes.length - 4)) socket.terminate();
  });
  using afterClient = testClient(after);
  const lost = await afterClient.upload(item("small"), NEVER);
  expect(lost.type).toBe("ambiguous");

  using before = startPeer((socket) => socket.terminate());
  using beforeClient = testClient(before);
  const cut = await beforeClient.upload(item(Buffer.alloc(30_000_000, "large")), NEVER);
  expect(cut.type).toBe("transient");
});

test("an early answer ends the sending, and the connection is not used again", async () => {
  let answered = false;
  using server = startPeer((socket) => {
    if (answered) return;
    answered = true;
    socket.write(reply("413 Too Large", '{"message":"too large"}'));
  });
  using client = testClient(server);
  const outcome = await client.upload(item(Buffer.alloc(50_000_000, "large")), NEVER);
  expect(outcome).toEqual({ type: "permanent", status: 413, reason: "too large" });
  expect(client.sentBytes).toBeLessThan(50_000_000);
  answered = false;
  await client.upload(item(Buffer.alloc(50_000_000, "large")), NEVER);
  expect(server.connections).toBe(2);
});

test("a yes to half a request is no yes, and an error of the server then stored nothing", async () => {
  for (const [status, type] of [
    ["200 OK", "ambiguous"],
    ["500 No", "transient"],
  ] as const) {
    let answered = false;
    using server = startPeer((socket) => {
      if (!answered) socket.write(reply(status, "{}"));
      answered = true;
    });
    using client = testClient(server);
    expect((await client.upload(item(Buffer.alloc(50_000_000, "large")), NEVER)).type).toBe(type);
  }
});

test("an abort ends an upload at once", async () => {
  const controller = new AbortController();
  using server = startPeer(() => controller.abort());
  using client = testClient(server);
  expect(await client.upload(item("a"), controller.signal)).toEqual({
    type: "ambiguous",
    status: null,
    reason: "stopped",
    retryAfterMs: null,
    isUnrecognised: false,
  });
  const outcome = await client.upload(item("a"), controller.signal);
  expect([outcome.type, server.connections]).toEqual(["transient", 1]);
});

test("a check is given its time and no more, though bytes keep coming", async () => {
  using server = startPeer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n");
    const timer = setInterval(() => {
      if (socket.write(" ") < 0) clearInterval(timer);
    }, 10);
  });
  using client = testClient({ ...server, checkTimeoutMs: 150 });
  expect(await client.check(sha256("a"), NEVER)).toMatchObject({ type: "unanswered" });
});

test("a kept connection that the server closed meanwhile costs a safe call nothing", async () => {
  let requests = 0;
  using server = startPeer((socket, bytes) => {
    requests += 1;
    // The second request finds the connection gone the moment it arrives.
    if (requests === 2) socket.terminate();
    else answering(reply("200 OK", '{"exists":false}'))(socket, bytes);
  });
  using client = testClient(server);
  expect(await client.check(sha256("a"), NEVER)).toBe("absent");
  expect(await client.check(sha256("b"), NEVER)).toBe("absent");
  expect([requests, server.connections]).toEqual([3, 2]);
});

test("`Connection: close`, and an answer that lasts until the close, are each the last on theirs", async () => {
  let requests = 0;
  using server = startPeer((socket) => {
    requests += 1;
    if (requests === 1) socket.write(reply("200 OK", '{"exists":false}', "Connection: close\r\n"));
    else {
      socket.write('HTTP/1.1 200 OK\r\n\r\n{"exists":true}');
      socket.end();
    }
  });
  using client = testClient(server);
  expect(await client.check(sha256("a"), NEVER)).toBe("absent");
  expect(await client.check(sha256("a"), NEVER)).toBe("there");
  expect(server.connections).toBe(2);
});

test("an answer without an end is not waited for", async () => {
  using server = startPeer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const flood = Buffer.alloc(1_000_000, " ");
    for (let piece = 0; piece < 6; piece += 1) socket.write(flood);
    const timer = setInterval(() => {
      if (socket.write(flood) < 0) clearInterval(timer);
    }, 1);
  });
  using client = testClient(server);
  expect(await client.upload(item("a"), NEVER)).toMatchObject({
    type: "ambiguous",
    reason: "the answer has no end",
  });
});

test("an HTTP/1.0 server is asked on a connection of its own each time", async () => {
  using server = startPeer((socket) => {
    socket.write('HTTP/1.0 200 OK\r\nContent-Length: 16\r\n\r\n{"exists":false}');
  });
  using client = testClient(server);
  expect([await client.check(sha256("a"), NEVER), await client.check(sha256("a"), NEVER)]).toEqual([
    "absent",
    "absent",
  ]);
  expect(server.connections).toBe(2);
});

test("a name that does not exist says so", async () => {
  using client = testClient({ url: "http://no-such-host.invalid" });
  const outcome = await client.health(NEVER);
  expect(outcome).toMatchObject({ type: "unreachable", status: null });
  expect("reason" in outcome && outcome.reason).toMatch(/^no address for no-such-host\.invalid/);
});

test("what does not speak HTTP is unreachable, not an error of this program", async () => {
  using server = startPeer((socket) => socket.write("220 mail.example ESMTP\r\n\r\n"));
  using client = testClient(server);
  expect(await client.health(NEVER)).toEqual({
    type: "unreachable",
    status: null,
    reason: "the answer is not HTTP/1.1",
    retryAfterMs: null,
  });
});
