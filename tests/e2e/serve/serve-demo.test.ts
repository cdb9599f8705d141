import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Board } from "../../../src/board/board.ts";
import { patient } from "../../support/emulation.ts";
import { nodupe } from "../../support/run.ts";
import { type Served, startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

async function boardOf(served: Served): Promise<Board> {
  return (await served.ask("/health")).body as Board;
}

interface Verdict {
  readonly metric: string;
  readonly significant: boolean;
  readonly worse: string;
}

async function realVerdicts(served: Served, nodes: readonly string[]): Promise<Verdict[]> {
  const { status, body } = await served.post("/api/comparison", { nodes, timeRange: "7d" });
  expect(status).toBe(200);
  return (body as { verdicts: Verdict[] }).verdicts.filter(({ significant }) => significant);
}

test("every view has data, and the ill node is really worse", async () => {
  await using served = await startServe(["--demo"]);
  const board = await boardOf(served);
  expect(board.problems.map(({ key }) => key)).toEqual([
    "failed:https://api.tanova.example",
    "online-score:shed",
  ]);
  expect(board.time.history.length).toBeGreaterThan(280);
  expect(board.time.servers).toHaveLength(5);
  expect(board.time.servers.filter(({ reason }) => reason !== null)).toEqual([
    expect.objectContaining({
      host: "wrong.example.com",
      reason: expect.stringMatching(/^it is 37.* s from what 4 servers agreed on/),
    }),
  ]);
  expect(board.nodes.map(({ node_name: name }) => name)).toEqual([
    "attic",
    "cellar",
    "garage",
    "office",
    "shed",
  ]);
  for (const { hours, standing, age_s: ageS } of board.nodes) {
    expect(hours.total_operations.slice(0, -1)).not.toContain(null);
    expect(standing).not.toBeNull();
    expect(ageS).toBeLessThan(patient(120));
  }
  const { destinations, failures, runs } = board.sync;
  expect(destinations[0]?.pending).toBeGreaterThan(0);
  expect(new Set(failures.map(({ status }) => status))).toEqual(new Set([413, 422]));
  expect(runs.map(({ at_work: atWork }) => atWork)).toEqual([true, false]);
  expect((await served.ask("/api/history?limit=50")).body).toMatchObject({ limit: 50 });

  const ill = await realVerdicts(served, ["attic", "shed"]);
  expect(ill.map(({ metric }) => metric)).toEqual(
    expect.arrayContaining(["success_rate_download", "avg_latency_p50"]),
  );
  expect(new Set(ill.map(({ worse }) => worse))).toEqual(new Set(["shed"]));
});

test("the upload goes on while it is looked at", async () => {
  await using served = await startServe(["--demo"]);
  const done = async (): Promise<number> => (await boardOf(served)).sync.destinations[0]?.done ?? 0;
  const before = await done();
  await until(async () => (await done()) > before, "more was uploaded");
});

test("the same seed makes the same past", async () => {
  await using first = await startServe(["--demo"]);
  await using second = await startServe(["--demo"]);
  const [one, other] = [await boardOf(first), await boardOf(second)];
  // Between the two the hour at work goes on, and may end.
  const text = (hours: readonly (number | null)[]): string => hours.join(" ");
  for (const [at, { hours }] of one.nodes.entries())
    expect(text(other.nodes[at]?.hours.total_operations ?? [])).toContain(
      text(hours.total_operations.slice(2, -2)),
    );
  const offsets = ({ time }: Board) =>
    new Map(time.history.map(({ at, offset_s: offsetS }) => [at, offsetS]));
  const known = offsets(other);
  // The newest may be of a moment ago, when only one of the two has measured.
  for (const [at, offsetS] of [...offsets(one)].slice(2, -1)) expect(known.get(at)).toBe(offsetS);
});

test("its store goes with it, and nothing of the user's is read or written", async () => {
  using home = tempFolder();
  const config = home.file(".config", "nodupe", "config.toml");
  mkdirSync(dirname(config), { recursive: true });
  writeFileSync(config, "this is no TOML");
  const mark = home.file("told");
  await using served = await startServe(["--demo"], {
    HOME: home.path,
    XDG_CONFIG_HOME: "",
    XDG_DATA_HOME: "",
    TMPDIR: home.path,
    NODUPE_DB: home.file("mine.db"),
    NODUPE_SERVE_ON_ALERT: `touch ${mark}`,
  });
  const { path } = (await boardOf(served)).store;
  expect(existsSync(path)).toBe(true);
  expect(path).not.toBe(home.file("mine.db"));
  expect(await served.end()).toBe(143);
  expect(existsSync(dirname(path))).toBe(false);
  expect(readdirSync(home.path)).toEqual([".config"]);
  expect(readdirSync(dirname(config))).toEqual(["config.toml"]);
});

test("a store of the user's and the demo exclude each other", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  const run = await nodupe(["serve", "--demo", "--db", db]);
  expect([run.exitCode, run.stdout, existsSync(db)]).toEqual([2, "", false]);
  expect(run.stderr).toContain("leave --db away");
});

test(
  "the rest of the year comes while the page is open",
  async () => {
    await using served = await startServe(["--demo"]);
    const coverage = async (): Promise<number> => {
      const { body } = await served.post("/api/comparison", {
        nodes: ["attic", "office"],
        timeRange: "365d",
      });
      const { nodes } = body as { nodes: { metrics: { coverage_percent: number } }[] };
      return Math.min(...nodes.map(({ metrics }) => metrics.coverage_percent));
    };
    await until(async () => (await coverage()) > 99, "the year is there", 60_000);
  },
  patient(120_000),
);
