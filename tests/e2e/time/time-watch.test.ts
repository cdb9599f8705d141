import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { BINARY } from "../../support/binary.ts";
import { patient, patientMs } from "../../support/emulation.ts";
import { linesOf } from "../../support/lines.ts";
import { ntpServer, silentServer } from "../../support/time/ntp.ts";
import { cleanEnvironment } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { expectOffset, nodupeTime, type TimeJson } from "../../support/time/time-result.ts";
import { until } from "../../support/until.ts";

/** Starts `nodupe time --json` and hands out its results as they come. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([BINARY, "time", "--json", ...args], {
    env: cleanEnvironment(env),
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines = linesOf(child.stdout);
  return {
    child,
    next: async (): Promise<TimeJson> => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("it ended without a further result");
      return JSON.parse(value) as TimeJson;
    },
    rest: async (): Promise<string[]> => Array.fromAsync(lines),
    stderr: () => new Response(child.stderr).text(),
  };
}

test("--watch: one object a round with its mean, until a signal ends it cleanly", async () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    using server = await ntpServer({ offsetS: 2 });
    const watch = start(["--watch", "--interval", "50ms", "--db", ":memory:", "--server", server.name]);
    for (let round = 0; round < 3; round += 1) {
      const result = await watch.next();
      expect(result.source).toBe("ntp");
      expectOffset(result, 2);
      expect(Math.abs((result.offset_mean_s ?? 0) - 2)).toBeLessThan(patient(0.05));
    }
    watch.child.kill(signal);
    expect(await watch.child.exited).toBe(code);
  }
});

test("--watch goes on without a network, says so, and finds back", async () => {
  let isUp = true;
  using server = await ntpServer({ lie: (answer) => (isUp ? answer : null) });
  const env = { NODUPE_TIME_HTTPS_SERVER: "https://127.0.0.1:1", NODUPE_TIME_LOCAL_SOURCE: "build" };
  const args = ["--watch", "--interval", patientMs(60), "--timeout", patientMs(200), "--fallback"];
  const watch = start([...args, "--db", ":memory:", "--server", server.name], env);
  // A busy machine may be late in a round; that the server is found is what counts.
  const findServer = async (): Promise<string | null> => {
    let { source } = await watch.next();
    for (let round = 0; round < 20 && source !== "ntp"; round += 1) ({ source } = await watch.next());
    return source;
  };
  expect(await findServer()).toBe("ntp");
  isUp = false;
  const sources: (string | null)[] = [];
  for (let round = 0; round < 12; round += 1) sources.push((await watch.next()).source);
  expect(sources.at(-1)).toBe("build");
  isUp = true;
  expect(await findServer()).toBe("ntp");
  watch.child.kill("SIGTERM");
  expect(await watch.child.exited).toBe(143);
  expect(await watch.stderr()).toContain(
    "alert: less than half of the servers answer, for 3 rounds (0 of 1 now)",
  );
});

test("--watch --check: an alert line and exit 3, when the bound is passed or the servers fall silent", async () => {
  using ahead = await ntpServer({ offsetS: 5.5 });
  const beyond = start([
    "--watch",
    "--interval",
    "50ms",
    "--check",
    "--db",
    ":memory:",
    "--server",
    ahead.name,
  ]);
  expectOffset(await beyond.next(), 5.5);
  expect(await beyond.rest()).toEqual([]);
  expect(await beyond.child.exited).toBe(3);
  expect(await beyond.stderr()).toMatch(/alert: the clock is off by 5\.\d* s, more than 1 s/);

  using silent = await silentServer();
  const args = ["--watch", "--interval", "10ms", "--timeout", patientMs(40), "--check", "--db", ":memory:"];
  const sparse = start([...args, "--server", silent.name]);
  expect(await sparse.rest()).toHaveLength(3);
  expect(await sparse.child.exited).toBe(3);
});

test("a signal in the middle of a measurement: one object, what is not known null, 130 or 143", async () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    using server = await silentServer();
    const run = start(["--timeout", "20s", "--db", ":memory:", "--server", server.name]);
    await until(() => server.requests > 0, "the request has come");
    run.child.kill(signal);
    const result = await run.next();
    expect(result).toMatchObject({ source: null, offset_s: null, iso: null });
    expect(result.servers[0]).toMatchObject({
      status: "not_needed",
      reason: expect.stringContaining("interrupted"),
    });
    expect(await run.rest()).toEqual([]);
    expect(await run.child.exited).toBe(code);
  }
});

test("a server that says RATE or DENY in --watch is left alone after", async () => {
  using denying = await ntpServer({ lie: (answer) => ({ ...answer, stratum: 0, referenceId: 0x4445_4e59 }) });
  using good = await ntpServer();
  const servers = ["--server", denying.name, "--server", good.name];
  const watch = start(["--watch", "--interval", "20ms", "--db", ":memory:", ...servers]);
  for (let round = 0; round < 5; round += 1) {
    expect((await watch.next()).servers[0]).toMatchObject({
      status: "kiss_of_death",
      reason: "kiss code DENY",
    });
  }
  watch.child.kill("SIGTERM");
  await watch.child.exited;
  expect([denying.requests, good.requests > 4]).toEqual([1, true]);
});

test("the store keeps runs, health, names and samples; drift is told once there are enough", async () => {
  using folder = tempFolder();
  const db = folder.file("nodupe.db");
  using good = await ntpServer();
  using dead = await silentServer();
  const args = ["--db", db, "--server", `localhost:${good.port}`, "--server", dead.name];
  const drifts: (number | null)[] = [];
  for (let run = 0; run < 5; run += 1) {
    const { json } = await nodupeTime(args);
    drifts.push(json.drift_ppm);
    // As if the next run came an hour later: over seconds, noise looks like more drift than any clock can have.
    using writable = new Database(db);
    writable.run("UPDATE time_samples SET raw_ns = raw_ns - ?", [3_600_000_000_000]);
  }
  expect(drifts.slice(0, 3)).toEqual([null, null, null]);
  // The server shares this machine's clock. A busy machine may cost one sample as an outlier, so the fourth may be null.
  expect(Math.abs(drifts[4] ?? Number.NaN)).toBeLessThan(patient(10));
  using store = new Database(db, { readonly: true });
  expect(
    store
      .query("SELECT source, servers_asked, servers_answered, queries, successes, rejected FROM time_runs")
      .all(),
  ).toEqual(
    Array.from({ length: 5 }, () => ({
      source: "ntp",
      servers_asked: 2,
      servers_answered: 1,
      queries: expect.any(Number),
      successes: 1,
      rejected: '{"unreachable":1}',
    })),
  );
  expect(store.query("SELECT dns_hits, dns_misses FROM time_runs").all()).toEqual([
    { dns_hits: 0, dns_misses: 1 },
    ...Array.from({ length: 4 }, () => ({ dns_hits: 1, dns_misses: 0 })),
  ]);
  expect(
    store.query("SELECT key, answers, failures_in_row FROM time_servers ORDER BY answers").all(),
  ).toEqual([
    { key: dead.name, answers: 0, failures_in_row: 5 },
    { key: good.name, answers: 5, failures_in_row: 0 },
  ]);
  expect(store.query("SELECT count(*) AS n FROM time_samples").get()).toEqual({ n: 5 });
});

test("servers that were silent in earlier runs are asked all the same, and still count against the others", async () => {
  using folder = tempFolder();
  using servers = new DisposableStack();
  // Five honest ones are out of reach for three runs; four that lie are not.
  let isUp = false;
  const honest = await Promise.all(
    Array.from({ length: 5 }, async () =>
      servers.use(await ntpServer({ lie: (answer) => (isUp ? answer : null), delayMs: 100 })),
    ),
  );
  const liars = await Promise.all(
    Array.from({ length: 4 }, async () => servers.use(await ntpServer({ offsetS: 0.9 }))),
  );
  const env = { NODUPE_TIME_SERVER: [...honest, ...liars].map(({ name }) => name).join(",") };
  const args = ["--db", folder.file("nodupe.db")];
  for (let run = 0; run < 3; run += 1) await nodupeTime(args, { env });
  isUp = true;
  const { json } = await nodupeTime(args, { env });
  expectOffset(json, 0);
  expect(json.servers.slice(5).map(({ status }) => status)).toEqual(Array(4).fill("falseticker"));
});
