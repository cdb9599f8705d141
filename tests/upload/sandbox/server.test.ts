import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { needs, programPath } from "../../support/programs.ts";
import { item, NEVER, sha256, testClient } from "../../support/tanova.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

/** Draws from a list, over and over. */
function cycle(draws: readonly number[]): () => number {
  let next = 0;
  return () => draws[next++ % draws.length] ?? 0;
}

test("a form built by another client is taken in: fetch's own multipart", async () => {
  using api = startSandbox();
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
    201,
    { success: true, candidateId: `sandbox-${sha256("by fetch").slice(0, 12)}` },
  ]);
});

needs("curl")("curl uploads too, one that first asks to go on among them", async () => {
  using api = startSandbox();
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
  using api = startSandbox({ batch: true });
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
  using api = startSandbox({ latencyMs: 50 });
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
  using api = startSandbox({
    latencyMs: 100,
    faults: [{ fault: { type: "lostack" }, probability: 0.5 }],
    random: cycle([0.1, 0.9]),
  });
  using client = testClient(api);
  const outcome = await client.upload(item("lost"), NEVER);
  expect(outcome).toMatchObject({ type: "ambiguous", status: null, mayStillRun: true });
  expect(api.stats().stored).toBe(0);
  await until(() => api.stats().stored === 1, "the content is there");
  expect(await client.check(sha256("lost"), NEVER)).toBe("there");
});

test("reset: at any byte, and nothing is stored", async () => {
  const draws = [0.1, 0, 0.1, 0.3, 0.1, 0.999_999_9];
  using api = startSandbox({
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
  using api = startSandbox({
    faults: [
      { fault: { type: "status", status: 503 }, probability: 0.3 },
      { fault: { type: "html" }, probability: 0.3 },
    ],
    random: cycle([0.1, 0.5, 0.9]),
    retryAfterS: 2,
  });
  using client = testClient(api);
  expect([await client.upload(item("1"), NEVER), await client.upload(item("2"), NEVER)]).toEqual([
    {
      type: "ambiguous",
      status: 503,
      reason: "the sandbox answers 503 on purpose",
      retryAfterMs: 2_000,
      mayStillRun: false,
    },
    {
      type: "ambiguous",
      status: 502,
      reason: "HTTP 502 (a web page: 502 Bad Gateway)",
      retryAfterMs: null,
      mayStillRun: true,
    },
  ]);
  using crowded = startSandbox({ maxInFlight: 2, latencyMs: 50, retryAfterS: 0 });
  using many = testClient(crowded);
  const outcomes = await Promise.all(["a", "b", "c"].map((text) => many.upload(item(text), NEVER)));
  expect(outcomes.map(({ type }) => type).toSorted()).toEqual(["stored", "stored", "transient"]);
  expect(crowded.stats().uploads_in_flight_peak).toBe(3);
});

test("what is kept in a file is known after a restart", async () => {
  using folder = tempFolder();
  const store = folder.file("sandbox.txt");
  {
    using api = startSandbox({ store });
    using client = testClient(api);
    await client.upload(item("kept"), NEVER);
  }
  using api = startSandbox({ store });
  using client = testClient(api);
  expect(await client.check(sha256("kept"), NEVER)).toBe("there");
  expect(await client.upload(item("kept"), NEVER)).toEqual({ type: "duplicate" });
});

test("what it counted is told on loopback", async () => {
  using api = startSandbox();
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
  const names = ["reset", "lostack", "html"] as const;
  using api = startSandbox({
    batch: true,
    faults: [
      ...names.map((type) => ({ fault: { type }, probability: 0.15 })),
      { fault: { type: "status", status: 500 }, probability: 0.15 },
    ],
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
