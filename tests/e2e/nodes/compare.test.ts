import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEBUG_LOG, type LogOptions, writeLog } from "../../../src/bench/generate-log.ts";
import { patient } from "../../support/emulation.ts";
import { nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");
const START = Date.UTC(2026, 2, 1);
const SHAPE: LogOptions = {
  ...DEBUG_LOG,
  seed: 1,
  operations: 12_000,
  startMs: START,
  spanMs: 86_400_000,
};
const RANGE = ["--since", "2026-03-01", "--until", "2026-03-02"];

interface Verdict {
  metric: string;
  better: string | null;
  worse: string | null;
  significant: boolean;
  interval: [number, number];
  difference: number;
  text: string;
}

interface Answer {
  nodes: { node_name: string; metrics: Record<string, number | null> }[];
  rankings: Record<string, string[]>;
  verdicts: Verdict[];
  caveats: { text: string; unfair: boolean }[];
  why: { metric: string; contributions: { dimension: string; contribution: number }[] }[];
  cached: boolean;
}

async function filled(
  folder: { file(...names: string[]): string },
  nodes: Readonly<Record<string, Partial<LogOptions>>>,
): Promise<string[]> {
  const db = ["--db", folder.file("s.db")];
  for (const [name, differs] of Object.entries(nodes)) {
    const path = folder.file(`${name}.log`);
    await writeLog(path, { ...SHAPE, ...differs });
    const run = await nodupe(["ingest", "--node", name, path, ...db]);
    expect(run.exitCode).toBe(0);
  }
  return db;
}

async function compared(...args: string[]): Promise<Answer> {
  const run = await nodupe(["compare", ...args, "--json"]);
  expect({ code: run.exitCode, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(run.stdout) as Answer;
}

test(
  "equal nodes are not called different, a slower one is, and a worse one is told with its reason",
  async () => {
    using folder = tempFolder();
    // A day cannot tell a worse node from a worse day.
    const days = { operations: 36_000, spanMs: 3 * 86_400_000 };
    const RANGE = ["--since", "2026-03-01", "--until", "2026-03-04"];
    const db = await filled(folder, {
      one: { ...days, seed: 1 },
      two: { ...days, seed: 2 },
      slow: { ...days, seed: 3, latencyMs: 140 },
      bad: { ...days, seed: 4, failed: 0.08 },
    });
    const equal = await compared("one", "two", ...RANGE, ...db);
    expect(equal.verdicts.filter((verdict) => verdict.significant)).toEqual([]);
    const slower = await compared("one", "slow", ...RANGE, ...db);
    const p95 = slower.verdicts.find((verdict) => verdict.metric === "avg_latency_p95");
    expect(p95).toMatchObject({ better: "one", worse: "slow", significant: true });
    expect(p95?.text).toMatch(/^slow is slower \(p95 \+\d+%, 95% interval \+\d+% to \+\d+%\)$/);
    expect(p95?.interval[0]).toBeLessThan(27.3);
    expect(p95?.interval[1]).toBeGreaterThan(27.2);
    const worse = await compared("one", "bad", ...RANGE, ...db);
    expect(worse.verdicts.find((verdict) => verdict.metric === "success_rate_download")).toMatchObject({
      better: "one",
      worse: "bad",
      significant: true,
    });
    expect(worse.why[0]?.contributions.length).toBeGreaterThan(0);
    expect(worse.rankings["success_rate_download"]).toEqual(["one", "bad"]);
    const fleet = await compared("one", "two", "slow", ...RANGE, ...db);
    expect(
      fleet.verdicts
        .filter((verdict) => verdict.significant && verdict.metric === "avg_latency_p95")
        .map((verdict) => verdict.worse),
    ).toEqual(["slow"]);
    const pairs = await compared("one", "two", "slow", "--pairs", ...RANGE, ...db);
    expect(new Set(pairs.verdicts.map((verdict) => verdict.metric)).size).toBe(9);
    expect(pairs.verdicts.length).toBe(27);
  },
  patient(120_000),
);

test(
  "a result is cached for every process, for any order of names, until an ingest touches a node",
  async () => {
    using folder = tempFolder();
    const db = await filled(folder, { one: { operations: 2_000 }, two: { operations: 2_000, seed: 2 } });
    const first = await compared("one", "two", ...RANGE, ...db);
    const second = await compared("two", "one", ...RANGE, ...db);
    expect([first.cached, second.cached]).toEqual([false, true]);
    expect(second.nodes.map((node) => node.node_name)).toEqual(["two", "one"]);
    expect(second.nodes.toReversed()).toEqual(first.nodes);
    expect(second.verdicts).toEqual(first.verdicts);
    await nodupe(["ingest", "--node", "two", SAMPLE, ...db]);
    expect((await compared("one", "two", ...RANGE, ...db)).cached).toBe(false);
  },
  patient(60_000),
);

test(
  "unlike logs are said, and what is unfair is neither ranked nor judged",
  async () => {
    using folder = tempFolder();
    const db = await filled(folder, {
      debug: { operations: 3_000 },
      info: { operations: 3_000, seed: 2, level: "info" },
      coarse: { operations: 3_000, seed: 3, time: "seconds-z" },
    });
    const { caveats, rankings, verdicts, nodes } = await compared("debug", "info", "coarse", ...RANGE, ...db);
    expect(caveats.map((caveat) => caveat.text).join("\n")).toMatch(
      /info logs at INFO.*no started lines in the log of info.*coarse has whole seconds/s,
    );
    expect(rankings["success_rate_upload"]).toEqual([]);
    expect(verdicts.some((verdict) => verdict.metric === "success_rate_upload")).toBe(false);
    expect(nodes[1]?.metrics).toMatchObject({
      avg_latency_p50: null,
      avg_latency_mean: null,
      latency_resolution_ms: null,
    });
    expect(nodes[2]?.metrics).toMatchObject({ avg_latency_p50: null, latency_resolution_ms: 1000 });
  },
  patient(60_000),
);

test(
  "what cannot be asked is refused with exit 2 and one clear line",
  async () => {
    using folder = tempFolder();
    const db = ["--db", folder.file("s.db")];
    await nodupe(["ingest", "--node", "pi-1", SAMPLE, ...db]);
    await nodupe(["ingest", "--node", "pi-2", SAMPLE, ...db]);
    const said = async (...args: string[]): Promise<[number, string]> => {
      const run = await nodupe(["compare", ...args]);
      expect(run.stdout).toBe("");
      return [run.exitCode, run.stderr];
    };
    expect(await said("pi-1", "pi-3", ...db)).toEqual([
      2,
      "nodupe: no node pi-3 in the store; did you mean pi-1?\n",
    ]);
    expect((await said("pi-1", "pi-1", ...db))[0]).toBe(2);
    expect((await said("pi-1", "pi-2", "--since", "2026-01-02", "--until", "2026-01-01", ...db))[0]).toBe(2);
    expect((await said("pi-1", "pi-2", "--since", "yesterday", ...db))[0]).toBe(2);
    expect((await said("a=", `b=${SAMPLE}`))[0]).toBe(2);
    expect((await said(`a=${folder.file("none")}`, `b=${SAMPLE}`))[0]).toBe(2);
    expect((await said("a", "b", "--db", folder.file("none.db")))[0]).toBe(2);
  },
  patient(60_000),
);

test(
  "an empty window is answered, and every form fits",
  async () => {
    using folder = tempFolder();
    const db = ["--db", folder.file("s.db")];
    await nodupe(["ingest", "--node", "pi-1", SAMPLE, ...db]);
    await nodupe(["ingest", "--node", "pi-2", SAMPLE, ...db]);
    const empty = await compared("pi-1", "pi-2", "--last", "24h", ...db);
    expect(empty.nodes[0]?.metrics).toMatchObject({
      total_operations: 0,
      success_rate_download: null,
      coverage_percent: 0,
    });
    const table = await nodupe([
      "compare",
      "pi-1",
      "pi-2",
      "--since",
      "2025-10-06",
      "--until",
      "2025-10-07",
      ...db,
    ]);
    for (const line of table.stdout.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
    expect(table.stdout).toContain("< 1 s (log)");
    const csv = await nodupe(["compare", "pi-1", "pi-2", "--format", "csv", ...db]);
    expect(csv.stdout.split("\n")[0]).toBe("metric,pi-1,pi-2,best,pi-1 low,pi-1 high,pi-2 low,pi-2 high");
    const markdown = await nodupe(["compare", "pi-1", "pi-2", "--format", "markdown", ...db]);
    expect(markdown.stdout).toContain("| metric | pi-1 | pi-2 |");
  },
  patient(60_000),
);

test("the settings of [ingest] hold for NAME=FILE too", async () => {
  using folder = tempFolder();
  const log = folder.file("node.log");
  const facts = { "Satellite ID": "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S", Action: "GET" };
  const line = (second: number, message: string, piece: string): string =>
    `${new Date(START + second * 1_000).toISOString()}\tINFO\tpiecestore\t${message}\t${JSON.stringify({ "Piece ID": piece, ...facts })}`;
  // Half of the downloads never end: how long they are waited for shows in what the log covers.
  const lines = Array.from({ length: 60 }, (_, at) => [
    line(at, "download started", `P${at}`),
    ...(at % 2 === 0 ? [] : [line(at + 0.5, "downloaded", `P${at}`)]),
  ]);
  writeFileSync(log, `${lines.flat().join("\n")}\n`);
  const coverage = async (limit: string): Promise<number | null | undefined> => {
    const env = { NODUPE_INGEST_OPEN_LIMIT: limit };
    const run = await nodupe(["compare", `a=${log}`, `b=${log}`, "--json"], { env });
    return (JSON.parse(run.stdout) as Answer).nodes[0]?.metrics["coverage_percent"];
  };
  const [patient, hasty] = [await coverage("1d"), await coverage("1s")];
  expect(hasty).toBeLessThan(patient ?? 0);
});
