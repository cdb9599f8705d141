import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Failure } from "../../../src/lib/errors.ts";
import { createTanovaClient } from "../../../src/upload/tanova/client.ts";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import type { UploadOutcome } from "../../../src/upload/tanova/types.ts";
import { startPeer } from "../../support/net/peer.ts";
import { item, NEVER, sha256, testClient } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";

const sandbox = await startSandbox({ batch: true });
afterAll(() => sandbox.stop());

const OFFERS = {
  batch: { path: "/api/sync/upload-batch", maxItems: 100, maxBytes: 64 * 1024 * 1024 },
  bulkCheck: { path: "/api/sync/check-duplicates", maxItems: 1_000 },
};

test("health tells who one is and what is offered", async () => {
  using client = testClient(sandbox);
  expect(await client.health(NEVER)).toEqual({
    type: "healthy",
    health: { authenticated: true, agency: "Sandbox", canUpload: true, ...OFFERS },
  });
});

test("a wrong key is refused by every call", async () => {
  using client = testClient({ url: sandbox.url, apiKey: "tanova_sk_wrong" });
  const refused = { type: "unauthorized", status: 401, reason: "Invalid API key" } as const;
  expect(await client.health(NEVER)).toEqual(refused);
  expect(await client.upload(item("wrong key"), NEVER)).toEqual(refused);
  expect(await client.check(sha256("wrong key"), NEVER)).toMatchObject({ type: "unanswered", status: 401 });
});

test("a content is stored once, then known, to single and bulk checks alike", async () => {
  using client = testClient(sandbox);
  await client.health(NEVER);
  const cv = item("once", { filename: 'Zoë "Z" 名.pdf', jobHint: "Dev", email: "z@example.com" });
  expect(await client.check(cv.checksum, NEVER)).toBe("absent");
  expect(await client.upload(cv, NEVER)).toEqual({
    type: "stored",
    candidateId: `sandbox-${cv.checksum.slice(0, 12)}`,
  });
  expect(await client.upload(cv, NEVER)).toEqual({ type: "duplicate" });
  expect(await client.check(cv.checksum, NEVER)).toBe("there");
  expect(await client.checkMany([cv.checksum, sha256("never")], NEVER)).toEqual(new Set([cv.checksum]));
});

test("a bulk check of any number goes out in as many calls as it takes", async () => {
  using api = await startSandbox({ batch: true });
  using client = testClient(api);
  await client.health(NEVER);
  const known = item("the one that is there");
  await client.upload(known, NEVER);
  const many = Array.from({ length: 2_345 }, (_, index) => sha256(String(index)));
  expect(await client.checkMany([...many, known.checksum], NEVER)).toEqual(new Set([known.checksum]));
  expect(api.stats().requests.bulk_check).toBe(3);
});

test("a batch is answered item by item", async () => {
  using client = testClient(sandbox);
  await client.health(NEVER);
  using folder = tempFolder();
  const path = folder.file("big.pdf");
  const big = Buffer.alloc(1_000_000, "large ");
  writeFileSync(path, big);
  const before = item("in the batch before");
  await client.upload(before, NEVER);
  const items = [item("first of batch"), item(big, { body: { type: "file", path } }), before];
  const stored = (checksum: string): UploadOutcome => ({
    type: "stored",
    candidateId: `sandbox-${checksum.slice(0, 12)}`,
  });
  expect(await client.uploadBatch(items, NEVER)).toEqual({
    type: "answered",
    results: new Map<string, UploadOutcome>([
      [sha256("first of batch"), stored(sha256("first of batch"))],
      [sha256(big), stored(sha256(big))],
      [before.checksum, { type: "duplicate" }],
    ]),
  });
});

test("a batch beyond the offered limits is not sent; without an offer none is", async () => {
  using api = await startSandbox({ batch: true });
  using client = testClient(api);
  expect(await client.uploadBatch([item("a")], NEVER)).toEqual({ type: "not-offered", status: 404 });
  await client.health(NEVER);
  const tooMany = Array.from({ length: 101 }, (_, index) => item(String(index)));
  expect(await client.uploadBatch(tooMany, NEVER)).toEqual({ type: "too-large" });
  client.withoutBatch();
  expect(await client.uploadBatch([item("a")], NEVER)).toEqual({ type: "not-offered", status: 404 });
  expect(api.stats().requests).toEqual({ health: 1, check: 0, bulk_check: 0, upload: 0, batch: 0 });
});

test("a server that offers nothing is asked nothing in bulk", async () => {
  using api = await startSandbox();
  using client = testClient(api);
  const health = await client.health(NEVER);
  expect(health.type === "healthy" && [health.health.batch, health.health.bulkCheck]).toEqual([null, null]);
  expect(await client.checkMany([sha256("a")], NEVER)).toBeNull();
});

test("a file that is not what was hashed is not stored; one that is not there fails for good", async () => {
  using api = await startSandbox();
  using client = testClient(api);
  using folder = tempFolder();
  const path = folder.file("cv.pdf");
  writeFileSync(path, "what it is now!");
  const was = item("what it once was", { sizeBytes: 15, body: { type: "file", path } });
  expect(await client.upload(was, NEVER)).toEqual({
    type: "changed",
    reason: "it changed while it was sent",
  });
  expect([api.stored().size, api.stats().stored]).toEqual([0, 0]);
  const gone = await client.upload(item("x", { body: { type: "file", path: folder.file("none") } }), NEVER);
  expect([gone.type, "status" in gone ? gone.status : 0]).toEqual(["permanent", null]);
});

test("connections are kept: as many as there are uploads at once, whatever their number", async () => {
  using api = await startSandbox();
  using client = testClient(api);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < 100) {
      next += 1;
      expect((await client.upload(item(`kept ${next}`), NEVER)).type).toBe("stored");
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  expect([api.stats().connections, api.stats().stored, api.stats().repeats]).toEqual([4, 100, 0]);
});

test("connections that idle do not keep a process alive", async () => {
  using api = await startSandbox();
  const source = `
    import { createTanovaClient } from ${JSON.stringify(import.meta.resolve("../../../src/upload/tanova/client.ts"))};
    const [url = "", apiKey = ""] = process.argv.slice(1);
    const limits = { connectTimeoutMs: 5_000, silenceTimeoutMs: 600_000, checkTimeoutMs: 5_000 };
    const client = createTanovaClient({ url, apiKey, ...limits });
    const { type } = await client.health(new AbortController().signal);
    process.exitCode = type === "healthy" ? 7 : 1;
  `;
  const child = Bun.spawn([process.execPath, "-e", source, api.url, api.apiKey], { stderr: "inherit" });
  expect(await child.exited).toBe(7);
});

test("the bytes of bodies that were sent are counted", async () => {
  using client = testClient(sandbox);
  await client.upload(item(Buffer.alloc(300_000, "count")), NEVER);
  expect(client.sentBytes).toBeGreaterThan(300_000);
  expect(client.sentBytes).toBeLessThan(301_500);
});

test("all uploads share one bandwidth limit", async () => {
  const asked: number[] = [];
  using client = testClient({
    ...sandbox,
    bandwidth: {
      take: (bytes) => {
        asked.push(bytes);
        return Promise.resolve();
      },
    },
  });
  await client.upload(item(Buffer.alloc(100_000, "limited")), NEVER);
  expect(Math.max(...asked)).toBeLessThanOrEqual(16 * 1024);
  expect(asked.reduce((sum, bytes) => sum + bytes, 0)).toBe(client.sentBytes);
  // A check is neither held back nor counted.
  await client.check(sha256("free"), NEVER);
  expect(asked.reduce((sum, bytes) => sum + bytes, 0)).toBe(client.sentBytes);
});

test("the key goes nowhere but to the base URL: an offer that points elsewhere is none", async () => {
  const health = {
    success: true,
    authenticated: true,
    permissions: { canUpload: true },
    capabilities: {
      batch: { path: "//evil.example/upload", maxItems: 10, maxBytes: 1_000 },
      checkDuplicates: { path: "https://evil.example/", maxItems: 10 },
    },
  };
  using server = startPeer((socket) => {
    const body = JSON.stringify(health);
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  using client = testClient(server);
  const outcome = await client.health(NEVER);
  expect(outcome.type === "healthy" && [outcome.health.batch, outcome.health.bulkCheck]).toEqual([
    null,
    null,
  ]);
});

test("a base path and a trailing slash: calls go below the path", async () => {
  using server = startPeer((socket) => socket.write("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
  using client = testClient({ url: `${server.url}/tanova/` });
  await client.check(sha256("a"), NEVER);
  expect(server.received).toStartWith("POST /tanova/api/sync/check-duplicate HTTP/1.1\r\n");
  expect(server.received).toContain("\r\nX-Tanova-API-Key: tanova_sk_test\r\n");
});

test.each([
  ["no URL", { url: "tanova.ai", apiKey: "k" }],
  ["another scheme", { url: "ftp://tanova.ai", apiKey: "k" }],
  ["a password in the URL", { url: "https://me:secret@tanova.ai", apiKey: "k" }],
  ["a query", { url: "https://tanova.ai/?key=secret", apiKey: "k" }],
  ["a key that would end its header", { url: "https://tanova.ai", apiKey: "k\r\nX-Other: secret" }],
])("refused at once: %s", (_, { url, apiKey }) => {
  const make = (): unknown =>
    createTanovaClient({ url, apiKey, connectTimeoutMs: 1, silenceTimeoutMs: 1, checkTimeoutMs: 1 });
  expect(make).toThrow(Failure);
  expect(make).not.toThrow(/secret/);
});
