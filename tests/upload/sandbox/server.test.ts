import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { parseFaults } from "../../../src/upload/sandbox/faults.ts";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { patient } from "../../support/emulation.ts";
import { needs, programPath } from "../../support/programs.ts";
import { item, NEVER, sha256, testClient } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

/** Draws from a list, over and over. */
function cycle(draws: readonly number[]): () => number {
  let next = 0;
  return () => draws[next++ % draws.length] ?? 0;
}

test("a form built by another client is taken in: fetch's own multipart", async () => {
  using api = await startSandbox();
  const form = new FormData();
  form.set("checksum", sha256("by fetch"));
  form.set("job_hint", "Dev");
  form.set("file", new File(["by fetch"], 'a "b" 名.pdf'));
  const answer = await fetch(`${api.url}/api/sync/upload`, {
    method: "POST",
    body: form,
    headers: { "X-Tanova-API-Key": api.apiKey },
  });
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { success: true, candidateId: `sandbox-${sha256("by fetch").slice(0, 12)}` },
  ]);
});

needs("curl")("curl uploads too, one that first asks to go on among them", async () => {
  using api = await startSandbox();
  using folder = tempFolder();
  const small = folder.file("small.pdf");
  const large = folder.file("large.pdf");
  await Bun.write(small, "by curl");
  await Bun.write(large, Buffer.alloc(3_000_000, "large"));
  for (const path of [small, large]) {
    const checksum = sha256(readFileSync(path));
    const key = ["-H", `X-Tanova-API-Key: ${api.apiKey}`, "-H", "Expect: 100-continue"];
    const form = ["-F", `checksum=${checksum}`, "-F", `file=@${path}`];
    const command = [
      programPath("curl"),
      "-s",
      "--noproxy",
      "*",
      ...key,
      ...form,
      `${api.url}/api/sync/upload`,
    ];
    const stdout = await new Response(Bun.spawn(command, { stdout: "pipe" }).stdout).text();
    expect(JSON.parse(stdout)).toEqual({ success: true, candidateId: `sandbox-${checksum.slice(0, 12)}` });
  }
});

test("a content that is not what its checksum says, or has no checksum before it, is refused", async () => {
  using api = await startSandbox({ batch: true });
  using client = testClient(api);
  await client.health(NEVER);
  const wrong = item("a content", { checksum: sha256("another") });
  expect(await client.upload(wrong, NEVER)).toEqual({
    type: "permanent",
    status: 400,
    reason: "the file does not have the checksum that came with it",
  });
  expect(await client.uploadBatch([wrong, item("fine")], NEVER)).toMatchObject({
    results: new Map<string, unknown>([
      [
        wrong.checksum,
        { type: "permanent", status: 400, reason: "the file does not have the checksum in the manifest" },
      ],
      [sha256("fine"), { type: "stored", candidateId: `sandbox-${sha256("fine").slice(0, 12)}` }],
    ]),
  });
  const form = new FormData();
  form.set("file", new File(["late"], "a.pdf"));
  form.set("checksum", sha256("late"));
  const headers = { "X-Tanova-API-Key": api.apiKey };
  const answer = await fetch(`${api.url}/api/sync/upload`, { method: "POST", body: form, headers });
  expect(answer.status).toBe(400);
  expect([...api.stored().keys()]).toEqual([sha256("fine")]);
});

test("a repeat is counted, whether the first was done or still at work", async () => {
  using api = await startSandbox({ latencyMs: 50 });
  using client = testClient(api);
  await Promise.all([client.upload(item("twice"), NEVER), client.upload(item("twice"), NEVER)]);
  await client.upload(item("twice"), NEVER);
  expect([api.stats().repeats, api.stats().stored, api.stored()]).toEqual([
    2,
    1,
    new Map([[sha256("twice"), 3]]),
  ]);
});

test("lostack: stored, though nobody was told; found once its processing has ended", async () => {
  using api = await startSandbox({
    latencyMs: 100,
    faults: [{ fault: { type: "lostack" }, probability: 0.5 }],
    random: cycle([0.1, 0.9]),
  });
  using client = testClient(api);
  const outcome = await client.upload(item("lost"), NEVER);
  expect(outcome).toMatchObject({ type: "ambiguous", status: null, isUnrecognised: false });
  expect(api.stats().stored).toBe(0);
  await until(() => api.stats().stored === 1, "the content is there");
  expect(await client.check(sha256("lost"), NEVER)).toBe("there");
});

test("a gateway's error and a foreign 200: the upload is stored behind them, or not, by the next draw", async () => {
  for (const [name, status] of [
    ["504json", 504],
    ["408html", 408],
    ["200foreign", 200],
  ] as const) {
    using api = await startSandbox({
      processingMs: 50,
      faults: parseFaults(`${name}:0.5`) ?? [],
      // An upload draws its fault, then whether it is stored; a check draws none.
      random: cycle([0.1, 0.2, 0.1, 0.9, 0.9, 0.9]),
    });
    using client = testClient(api);
    expect(await client.upload(item("behind"), NEVER)).toMatchObject({ status });
    expect(await client.upload(item("lost"), NEVER)).toMatchObject({ status });
    await until(() => api.stats().stored === 1, "the first is stored");
    expect(await client.check(sha256("behind"), NEVER)).toBe("there");
    expect(await client.check(sha256("lost"), NEVER)).toBe("absent");
    expect([api.stored(), api.stats().faults]).toEqual([new Map([[sha256("behind"), 1]]), { [name]: 2 }]);
  }
});

test("a server without 409 stores again, and each time is a repeat; 201 where it is asked for", async () => {
  using api = await startSandbox({ refusesDuplicates: false, statusCreated: 201, batch: true });
  using client = testClient(api);
  await client.health(NEVER);
  const cv = item("again");
  const stored = { type: "stored", candidateId: `sandbox-${cv.checksum.slice(0, 12)}` } as const;
  expect([await client.upload(cv, NEVER), await client.upload(cv, NEVER)]).toEqual([stored, stored]);
  expect(await client.uploadBatch([cv], NEVER)).toEqual({
    type: "answered",
    results: new Map([[cv.checksum, stored]]),
  });
  const { stored: count, repeats, requests } = api.stats();
  expect([count, repeats, requests.upload, requests.batch]).toEqual([1, 2, 2, 1]);
  expect(api.stored()).toEqual(new Map([[cv.checksum, 3]]));
  const form = new FormData();
  form.set("checksum", sha256("created"));
  form.set("file", new File(["created"], "a.pdf"));
  const headers = { "X-Tanova-API-Key": api.apiKey };
  const answer = await fetch(`${api.url}/api/sync/upload`, { method: "POST", body: form, headers });
  expect(answer.status).toBe(201);
});

test("Retry-After: with 429 and 503 by default, on no answer with none, and as a fault's name says", async () => {
  const retryAfters = async (name: string, retryAfterS: number | null): Promise<string | null> => {
    using api = await startSandbox({ faults: parseFaults(`${name}:1`) ?? [], retryAfterS });
    const headers = { "X-Tanova-API-Key": api.apiKey };
    const url = `${api.url}/api/sync/check-duplicate`;
    const answer = await fetch(url, { method: "POST", body: "{}", headers });
    expect(answer.status).toBe(Number(name.slice(0, 3)));
    return answer.headers.get("retry-after");
  };
  const asked = [
    ["429", 7, "7"],
    ["429", null, null],
    ["500", 7, null],
    ["500ra", 7, "7"],
    ["429ra", null, "1"],
    ["503bare", 7, null],
    ["503html", 7, null],
  ] as const;
  for (const [name, retryAfterS, expected] of asked)
    expect([name, await retryAfters(name, retryAfterS)]).toEqual([name, expected]);
});

test("gzip: the right answer, compressed", async () => {
  using api = await startSandbox({ faults: parseFaults("gzip:1") ?? [] });
  const headers = { "X-Tanova-API-Key": api.apiKey };
  const body = JSON.stringify({ checksum: sha256("a") });
  const url = `${api.url}/api/sync/check-duplicate`;
  const answer = await fetch(url, { method: "POST", body, headers, decompress: false });
  expect(answer.headers.get("content-encoding")).toBe("gzip");
  expect(JSON.parse(gunzipSync(await answer.bytes()).toString())).toEqual({ exists: false });
});

test("trickle: the right answer, byte for byte", async () => {
  using api = await startSandbox({ faults: parseFaults("trickle:1") ?? [] });
  using client = testClient({ ...api, silenceTimeoutMs: 5_000, checkTimeoutMs: 1_200 });
  expect(await client.check(sha256("a"), NEVER)).toMatchObject({ type: "unanswered" });
});

test("reset: at any byte, and nothing is stored", async () => {
  const draws = [0.1, 0, 0.1, 0.3, 0.1, 0.999_999_9];
  using api = await startSandbox({
    faults: [{ fault: { type: "reset" }, probability: 0.5 }],
    random: cycle(draws),
  });
  using client = testClient(api);
  const types = [];
  for (let upload = 0; upload < 3; upload += 1) {
    const outcome = await client.upload(item(Buffer.alloc(2_000_000, `cut ${upload}`)), NEVER);
    types.push(outcome.type);
  }
  for (const type of types) expect(["transient", "ambiguous"]).toContain(type);
  expect([api.stored().size, api.stats().faults]).toEqual([0, { reset: 3 }]);
});

test("statuses, web pages and too many at once", async () => {
  using api = await startSandbox({
    faults: [
      { fault: { type: "status", status: 503, retryAfter: null }, probability: 0.3 },
      { fault: { type: "gateway", status: 502, body: "html" }, probability: 0.3 },
    ],
    random: cycle([0.1, 0.5, 0.9]),
    retryAfterS: 2,
  });
  using client = testClient(api);
  expect([await client.upload(item("1"), NEVER), await client.upload(item("2"), NEVER)]).toEqual([
    {
      type: "transient",
      status: 503,
      reason: "the sandbox answers 503 on purpose",
      retryAfterMs: 2_000,
    },
    {
      type: "ambiguous",
      status: 502,
      reason: "HTTP 502 (a web page: 502 Bad Gateway)",
      retryAfterMs: null,
      isUnrecognised: false,
    },
  ]);
  using crowded = await startSandbox({
    maxInFlight: 2,
    latencyMs: Math.min(patient(300), 2_000),
    retryAfterS: 0,
  });
  using many = testClient(crowded);
  const outcomes = await Promise.all(["a", "b", "c"].map((text) => many.upload(item(text), NEVER)));
  expect(outcomes.map(({ type }) => type).toSorted()).toEqual(["stored", "stored", "transient"]);
  expect(crowded.stats().uploads_in_flight_peak).toBe(3);
});

test("what is kept in a file is known after a restart", async () => {
  using folder = tempFolder();
  const store = folder.file("sandbox.txt");
  {
    using api = await startSandbox({ store });
    using client = testClient(api);
    await client.upload(item("kept"), NEVER);
  }
  using api = await startSandbox({ store });
  using client = testClient(api);
  expect(await client.check(sha256("kept"), NEVER)).toBe("there");
  expect(await client.upload(item("kept"), NEVER)).toEqual({ type: "duplicate" });
});

test("what it counted is told on loopback", async () => {
  using api = await startSandbox();
  using client = testClient(api);
  await client.upload(item("told"), NEVER);
  const [stats, stored] = await Promise.all(
    ["stats", "stored"].map(async (path) => (await fetch(`${api.url}/sandbox/${path}`)).json()),
  );
  expect(stats).toMatchObject({ stored: 1, repeats: 0, requests: { upload: 1 } });
  expect(stored).toEqual({ [sha256("told")]: 1 });
  expect((await fetch(`${api.url}/api/other`)).status).toBe(404);
  const put = await fetch(`${api.url}/api/sync/upload`, {
    method: "PUT",
    headers: { "X-Tanova-API-Key": api.apiKey },
  });
  expect(put.status).toBe(405);
});

test("an endless stream of faults hangs nothing: every upload ends as one thing or another", async () => {
  using api = await startSandbox({
    batch: true,
    faults: parseFaults("reset:0.1,lostack:0.1,html:0.1,500:0.1,504json:0.1,200foreign:0.1,gzip:0.1") ?? [],
  });
  using client = testClient(api);
  await client.health(NEVER);
  let next = 0;
  const counts = { stored: 0, other: 0 };
  const worker = async (): Promise<void> => {
    while (next < 300) {
      next += 1;
      const outcome = await client.upload(item(Buffer.alloc(next * 500, `cv ${next}`)), NEVER);
      counts[outcome.type === "stored" ? "stored" : "other"] += 1;
      await client.check(sha256(String(next)), NEVER);
    }
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  expect(counts.stored + counts.other).toBe(next);
  expect([counts.stored > 0, counts.other > 0, api.stats().repeats]).toEqual([true, true, 0]);
});
