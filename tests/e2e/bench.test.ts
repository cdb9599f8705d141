import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { BINARY } from "../support/binary.ts";
import { needs } from "../support/programs.ts";
import { cleanEnvironment, nodupe, type Run, runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

interface Report {
  readonly machine: Record<string, unknown>;
  readonly cases: readonly { job: string; name: string; unit: string; median: number; p99: number }[];
  readonly ratios: readonly { name: string; before: number; after: number; ratio: number }[];
  readonly failures: readonly unknown[];
  readonly against: { slower: readonly { name: string }[]; compared: number } | null;
  readonly interrupted: boolean;
}

function reportOf(run: Run): Report {
  expect(run.stdout.trimEnd().split("\n")).toHaveLength(1);
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

test("time: measured, saved, compared with a report that was faster", async () => {
  using folder = tempFolder();
  const saved = folder.file("saved.json");
  const env = { TMPDIR: folder.path };
  const run = await nodupe(["bench", "time", "--quick", "--json", "--save", saved], { env });
  expect(run.exitCode).toBe(0);
  const report = reportOf(run);
  expect(JSON.parse(readFileSync(saved, "utf8"))).toEqual({ ...report, against: undefined });
  expect([report.failures, report.interrupted, report.against]).toEqual([[], false, null]);
  for (const { name, median, p99 } of report.cases) {
    expect([name, median > 0, Number.isFinite(p99)]).toEqual([name, true, true]);
  }
  const ratios = Object.fromEntries(report.ratios.map(({ name, ratio }) => [name, ratio]));
  expect(ratios["parallel NTP queries, half of the servers dead"]).toBeGreaterThan(3);
  expect(ratios["parallel NTP queries, all servers alive"]).toBeGreaterThan(2);
  expect(ratios["DNS cached"]).toBeGreaterThan(5);
  expect(ratios["targeted scan"]).toBeGreaterThan(1);

  const faster = {
    ...report,
    cases: report.cases.map((of) => (of.unit === "ms" ? { ...of, median: of.median / 100 } : of)),
  };
  writeFileSync(saved, JSON.stringify(faster));
  const again = await nodupe(["bench", "time", "--quick", "--json", "--against", saved, "--tolerance=50"], {
    env,
  });
  expect(again.exitCode).toBe(3);
  const { against } = reportOf(again);
  const slower = against?.slower.map(({ name }) => name) ?? [];
  const timed = report.cases.filter(({ unit }) => unit === "ms").map(({ name }) => name);
  expect(timed.filter((name) => !slower.includes(name))).toEqual([]);
  expect(against?.compared).toBe(report.cases.length);
  expect(readdirSync(folder.path)).toEqual(["saved.json"]);
}, 120_000);

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
    expect(run.exitCode).toBe(0);
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
