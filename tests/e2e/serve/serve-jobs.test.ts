import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { BINARY } from "../../support/binary.ts";
import { patient } from "../../support/emulation.ts";
import { listen } from "../../support/serve/events.ts";
import { cleanEnvironment, nodupe } from "../../support/run.ts";
import { type Served, startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { recentLog, startWholeBoard } from "../../support/serve/whole-board.ts";

interface Told {
  readonly name: string;
  readonly state: string;
  readonly failures: number;
  readonly reason: string | null;
}

async function jobsOf(served: Served): Promise<readonly Told[]> {
  return ((await served.ask("/api/jobs")).body as { jobs: readonly Told[] }).jobs;
}

interface Nodes {
  readonly nodes: readonly { readonly node_name: string; readonly events_per_s: number | null }[];
}

test("the whole board in one process: the clock, the uploads and two logs, live; SIGTERM ends all of it in order", async () => {
  using folder = tempFolder();
  await using board = await startWholeBoard(folder);
  const { served, sandbox, db } = board;
  const events = await listen(served);
  await until(async () => (await jobsOf(served)).length === 4, "the jobs were begun");
  expect((await jobsOf(served)).map(({ name, state }) => [name, state])).toEqual([
    ["time", "running"],
    ["follow pi-1", "running"],
    ["follow pi-2", "running"],
    [`sync ${board.cvs}`, "running"],
  ]);
  await until(() => sandbox.stats().stored === 1, "the first CV was uploaded");
  const operations = async (): Promise<number[]> => {
    const { nodes } = (await served.ask("/api/nodes")).body as { nodes: { total_operations: number }[] };
    return nodes.map(({ total_operations: of }) => of);
  };
  await until(async () => JSON.stringify(await operations()) === "[300,300]", "both logs were read");
  await until(() => events.all("time").length >= 2, "two measurements were told");
  expect(events.last("time")).toMatchObject({
    source: "ntp",
    authenticated: false,
    offset_s: expect.any(Number),
  });

  // What happens now is told as it happens.
  await recentLog(folder.file("more.log"), 7, 200);
  await board.append("pi-2", folder.file("more.log"));
  const rates = (data: unknown) => (data as Nodes).nodes.map(({ events_per_s: rate }) => (rate ?? 0) > 0);
  await until(
    () => events.all("ingest").some((data) => JSON.stringify(rates(data)) === "[false,true]"),
    "the rate of pi-2 was told",
  );
  await until(() => rates(events.last("ingest")).every((isRising) => !isRising), "the rate went down again");
  writeFileSync(folder.file("cvs", "second.txt"), "second");
  await until(() => sandbox.stats().stored === 2, "the second CV was uploaded");
  await until(
    () => JSON.stringify(events.last("sync")["destinations"] ?? "").includes('"done":2'),
    "the upload was told",
  );
  expect(events.all("sync").some(({ run }) => run !== null)).toBe(true);

  const startedMs = performance.now();
  expect(await served.end()).toBe(143);
  expect(performance.now() - startedMs).toBeLessThan(patient(5_000));
  await events.reading;
  expect(events.last("jobs")).toMatchObject({ jobs: [{}, {}, {}, {}] });
  expect(served.stderr()).toBe("");
  const status = await nodupe(["status", "--json", "--db", db]);
  const { sync, problems } = JSON.parse(status.stdout) as {
    sync: { runs: { at_work: boolean; ended: string | null }[]; watches: unknown[] };
    problems: unknown[];
  };
  expect(problems).toEqual([]);
  expect(sync.runs.every(({ at_work: isAtWork, ended }) => !isAtWork && ended !== null)).toBe(true);
  expect(sync.watches).toEqual([]);
});

test("a job that fails is told, started again, and takes nothing down with it", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  for (const [seed, node] of ["pi-1", "pi-2"].entries()) await recentLog(folder.file(`${node}.log`), seed);
  // Somebody else is at work on that node.
  const other = Bun.spawn(
    [BINARY, "ingest", "--node", "pi-1", "--follow", folder.file("pi-1.log"), "--db", db, "-q"],
    {
      env: cleanEnvironment(),
      stdio: ["ignore", "ignore", "ignore"],
    },
  );
  const isIngested = async (): Promise<boolean> => {
    const listed = await nodupe(["nodes", "list", "--json", "--db", db]);
    return listed.stdout.includes('"pi-1"');
  };
  await until(isIngested, "the other process is at work");
  const followed = ["pi-1", "pi-2"].flatMap((node) => ["--follow", `${node}=${folder.file(`${node}.log`)}`]);
  await using served = await startServe(["--db", db, ...followed]);
  const [first, second] = ["follow pi-1", "follow pi-2"];
  await until(async () => (await jobsOf(served))[0]?.state === "waiting", "the job has failed");
  expect(await jobsOf(served)).toMatchObject([
    {
      name: first,
      state: "waiting",
      failures: 1,
      reason: expect.stringContaining(`process ${other.pid} is already ingesting`),
    },
    { name: second, state: "running", failures: 0, reason: null },
  ]);
  const health = await served.ask("/health");
  expect([health.status, health.body]).toEqual([
    503,
    expect.objectContaining({ problems: [expect.objectContaining({ about: "jobs", key: `job:${first}` })] }),
  ]);
  other.kill();
  await other.exited;
  await until(
    async () => (await jobsOf(served))[0]?.state === "running",
    "the job was started again",
    20_000,
  );
  expect((await served.ask("/health")).status).toBe(200);
});

test.each([
  [["--follow", "pi-1"], "NODE=LOG"],
  [["--follow", "pi-1=a", "--follow", "pi-1=b"], "named twice"],
  [["--follow", "a,b=c"], "no node name"],
  [["--sync", "/nowhere/at/all"], "there is no folder"],
  [["--sync", "."], "no API key"],
  [["--demo", "--time"], "exclude each other"],
  [["--bulk"], "--bulk"],
])("%p: refused before anything is served", async (args, says) => {
  using folder = tempFolder();
  const run = await nodupe(["serve", "--listen", "127.0.0.1:0", "--db", folder.file("s.db"), ...args]);
  expect([run.exitCode, run.stdout, run.stderr]).toEqual([2, "", expect.stringContaining(says)]);
});
