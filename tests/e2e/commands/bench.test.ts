import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { BINARY } from "../../support/binary.ts";
import { patient } from "../../support/emulation.ts";
import { expectAsPublished } from "../../support/docs/published-schema.ts";
import { needs, needsExecution } from "../../support/programs.ts";
import { cleanEnvironment, nodupe, type Run, runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

interface Report {
  readonly machine: Record<string, unknown>;
  readonly cases: readonly {
    job: string;
    name: string;
    unit: string;
    median: number;
    p99: number;
    median_low: number | null;
    median_high: number | null;
    earlier: boolean;
  }[];
  readonly ratios: readonly {
    name: string;
    before: number;
    after: number;
    ratio: number;
    low: number;
    high: number;
  }[];
  readonly board: Record<string, unknown>;
  readonly failures: readonly unknown[];
  readonly against: { slower: readonly { name: string }[]; compared: number } | null;
  readonly interrupted: boolean;
}

function reportOf(run: Run): Report {
  expect(run.stdout.trimEnd().split("\n")).toHaveLength(1);
  expectAsPublished("bench", run.stdout);
  return JSON.parse(run.stdout) as Report;
}

test("an unknown word is refused with the nearest one", async () => {
  expect(await nodupe(["bench", "tiem"])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr:
      'nodupe: unknown cases "tiem": expected one of time, ingest, compare, sync, all; did you mean time?\n',
  });
  const far = await nodupe(["bench", "everything"]);
  expect([far.exitCode, far.stderr]).toEqual([2, expect.stringContaining("expected one of time, ingest")]);
});

test("what cannot be used is refused before anything is measured", async () => {
  using folder = tempFolder();
  const garbage = folder.file("garbage.json");
  writeFileSync(garbage, "{");
  const env = { TMPDIR: folder.path };
  const runs = await Promise.all(
    [
      ["--against", garbage],
      ["--against", folder.file("none.json")],
      ["--save", folder.file("no", "such", "folder.json")],
      ["--save", folder.path],
      ["--tolerance", "-5%"],
      ["--tolerance", "much"],
    ].map((flags) => nodupe(["bench", "--quick", ...flags], { env })),
  );
  expect(runs.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(runs.map(() => [2, ""]));
  expect(runs.map(({ stderr }) => stderr.trimEnd().split("\n").length)).toEqual(runs.map(() => 1));
  expect(readdirSync(folder.path)).toEqual(["garbage.json"]);
});

/** What is measured. How fast it is depends on the machine and on what else runs: bench/results has the figures. */
const CLAIMS = [
  "parallel NTP queries, half of the servers dead",
  "parallel NTP queries, all servers alive",
  "DNS cached",
  "targeted scan",
  "packet parsing with a layout compiled in",
  "FastDate64 a second",
  "log lines a second",
  "comparison from roll-ups",
  "comparison from the cache",
  "5 uploads in parallel",
  "20 uploads in parallel",
  "uploads in batches",
  "history: a commit instead of a JSON file",
  "history per file against batched",
  "checksum cache",
];

needsExecution()(
  "all jobs, quickly: every claim is measured, and the report is saved as it is printed",
  async () => {
    using folder = tempFolder();
    const saved = folder.file("saved.json");
    const run = await nodupe(["bench", "--quick", "--json", "--save", saved], {
      env: { TMPDIR: folder.path },
    });
    const report = reportOf(run);
    expect(report.failures).toEqual([]);
    expect([run.exitCode, report.interrupted, report.against]).toEqual([0, false, null]);
    const { against: _, ...kept } = report;
    expect(JSON.parse(readFileSync(saved, "utf8"))).toEqual(kept);
    for (const { name, median, p99 } of report.cases) {
      expect([name, median > 0, Number.isFinite(p99)]).toEqual([name, true, true]);
    }
    expect(report.ratios.map(({ name }) => name)).toEqual(CLAIMS);
    for (const { name, before, after, ratio, low, high } of report.ratios) {
      const numbers = [before, after, ratio].map((value) => Number.isFinite(value) && value > 0);
      expect([name, ...numbers, low <= ratio && ratio <= high]).toEqual([name, true, true, true, true]);
    }
    const { limit, ...figures } = report.board;
    expect(["storage", "processor"]).toContain(String(limit));
    for (const [key, value] of Object.entries(figures)) expect([key, Number(value) > 0]).toEqual([key, true]);
    expect(readdirSync(folder.path)).toEqual(["saved.json"]);
  },
  180_000,
);

test(
  "a case that is slower than in a saved report by more than the tolerance ends it with 3",
  async () => {
    using folder = tempFolder();
    const saved = folder.file("saved.json");
    const env = { TMPDIR: folder.path };
    const first = await nodupe(["bench", "compare", "--quick", "--json", "--save", saved], { env });
    expect(first.exitCode).toBe(0);
    const report = reportOf(first);
    const against = async (factor: number): Promise<Run> => {
      const cases = report.cases.map(({ median_low: low, median_high: high, ...of }) => ({
        ...of,
        median: of.median * factor,
        median_low: low === null ? null : low * factor,
        median_high: high === null ? null : high * factor,
      }));
      writeFileSync(saved, JSON.stringify({ ...report, cases }));
      return nodupe(["bench", "compare", "--quick", "--json", "--against", saved, "--tolerance=50"], { env });
    };
    const slower = await against(1 / 100);
    expect(slower.exitCode).toBe(3);
    // Of our own ways alone.
    const names = report.cases.flatMap(({ name, earlier }) => (earlier ? [] : [name])).toSorted();
    expect(names.length).toBeLessThan(report.cases.length);
    expect(
      reportOf(slower)
        .against?.slower.map(({ name }) => name)
        .toSorted(),
    ).toEqual(names);
    const faster = await against(100);
    expect([faster.exitCode, reportOf(faster).against]).toMatchObject([
      0,
      { slower: [], compared: names.length },
    ]);
    const full = await nodupe(["bench", "compare", "--against", saved], { env });
    expect([full.exitCode, full.stdout, full.stderr]).toEqual([
      2,
      "",
      `nodupe: --against ${saved}: that was a quick run, and only quick runs compare with it; add --quick\n`,
    ]);
    expect(readdirSync(folder.path)).toEqual(["saved.json"]);
  },
  patient(180_000),
);

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s ends it, with what was measured and without the temporary folder", async (signal, code) => {
  using folder = tempFolder();
  const child = Bun.spawn([BINARY, "bench", "--quick", "--json"], {
    env: cleanEnvironment({ TMPDIR: folder.path }),
    stdout: "pipe",
    stderr: "pipe",
  });
  const begun = (): boolean =>
    readdirSync(folder.path).some((name) => readdirSync(folder.file(name)).includes("0"));
  await until(begun, "the first case begins");
  child.kill(signal);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect(exitCode).toBe(code);
  expect(reportOf({ exitCode, stdout, stderr }).interrupted).toBe(true);
  expect(readdirSync(folder.path)).toEqual([]);
});

needs("strace")(
  "no packet leaves the machine, and the clock is left alone",
  async () => {
    using folder = tempFolder();
    const log = folder.file("calls");
    const calls = "connect,sendto,sendmsg,sendmmsg,clock_settime,settimeofday,adjtimex,clock_adjtime";
    const run = await runCommand(
      [
        "strace",
        "-f",
        "-qq",
        "-o",
        log,
        "-e",
        `trace=${calls}`,
        BINARY,
        "bench",
        "time",
        "--quick",
        "--json",
      ],
      { env: { TMPDIR: folder.path } },
    );
    // On a busy machine a peer may answer too late to be measured (1): that is of no matter here.
    expect([0, 1]).toContain(run.exitCode);
    const lines = readFileSync(log, "utf8").split("\n");
    const addresses = lines.flatMap(
      (line) => /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(line) ?? [],
    );
    expect(lines.some((line) => line.includes('inet_addr("127.0.0.1")'))).toBe(true);
    expect(addresses.filter((of) => /^[\d.]+$|^[\da-f:]+$/.test(of) && !of.startsWith("127."))).toEqual([]);
    expect(lines.filter((line) => /clock_settime|settimeofday|adjtimex|clock_adjtime/.test(line))).toEqual(
      [],
    );
  },
  120_000,
);
