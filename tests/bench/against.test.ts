import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { compareReports } from "../../src/bench/against.ts";
import { readSavedReport } from "../../src/bench/saved-report.ts";
import { Failure } from "../../src/lib/errors.ts";
import { tempFolder } from "../support/temp.ts";

const machine = { cpu: "Cortex-A72", cores: 4, memory_bytes: 4e9 };
const exact = { median_low: null, median_high: null };
const cases = [
  { job: "time", name: "query", unit: "ms", median: 100, ...exact },
  { job: "time", name: "encode", unit: "op/s", median: 1_000, ...exact },
] as const;
const current = { ...exact, earlier: false };

function now(queryMs: number, encodePerS: number) {
  return {
    machine,
    cases: [
      { job: "time", name: "query", unit: "ms", median: queryMs, ...current },
      { job: "time", name: "encode", unit: "op/s", median: encodePerS, ...current },
    ] as const,
  };
}

test("slower means more milliseconds, or fewer per second, by more than the tolerance", () => {
  const saved = { machine, cases };
  const slower = (queryMs: number, encodePerS: number, tolerance: number): string[] =>
    compareReports(saved, now(queryMs, encodePerS), tolerance).slower.map(({ name }) => name);
  expect(slower(119, 840, 20)).toEqual([]);
  expect(slower(121, 820, 20)).toEqual(["encode", "query"]);
  expect(slower(121, 1_100, 20)).toEqual(["query"]);
  expect(slower(100, 1_000, 0)).toEqual([]);
});

test("the whole comparison", () => {
  const saved = {
    machine: { ...machine, cores: 2 },
    cases: [...cases, { job: "time", name: "gone", unit: "ms", median: 1, ...exact } as const],
  };
  expect(compareReports(saved, now(200, 2_000), 20)).toEqual({
    tolerance_percent: 20,
    compared: 2,
    slower: [
      {
        job: "time",
        name: "query",
        unit: "ms",
        before: 100,
        after: 200,
        slower_percent: 100,
        low_percent: 100,
        high_percent: 100,
      },
    ],
    faster: [
      {
        job: "time",
        name: "encode",
        unit: "op/s",
        before: 1_000,
        after: 2_000,
        slower_percent: -50,
        low_percent: -50,
        high_percent: -50,
      },
    ],
    missing: ["time gone [ms]"],
    same_machine: false,
  });
});

test("a difference that may be chance fails nothing, however far apart the medians are", () => {
  const query = { job: "time", name: "query", unit: "ms" } as const;
  const encode = { job: "time", name: "encode", unit: "op/s" } as const;
  const between = (median: number, low: number, high: number) => ({
    median,
    median_low: low,
    median_high: high,
    earlier: false,
  });
  const compared = (
    before: ReturnType<typeof between>,
    after: ReturnType<typeof between>,
    of: typeof query | typeof encode,
  ) =>
    compareReports({ machine, cases: [{ ...of, ...before }] }, { machine, cases: [{ ...of, ...after }] }, 20);
  expect(compared(between(100, 90, 130), between(150, 129, 160), query).slower).toEqual([]);
  const sure = compared(between(100, 90, 125), between(150, 130, 160), query).slower;
  expect(sure).toMatchObject([{ slower_percent: 50, low_percent: expect.closeTo(4) }]);
  // For rates, less is slower.
  expect(compared(between(1_000, 700, 1_100), between(500, 450, 710), encode).slower).toEqual([]);
  expect(compared(between(1_000, 800, 1_100), between(500, 450, 640), encode).slower).toMatchObject([
    { slower_percent: 100, low_percent: expect.closeTo(25) },
  ]);
  // Nor is anything called faster if it may be chance.
  expect(compared(between(150, 129, 160), between(100, 90, 130), query).faster).toEqual([]);
});

test("earlier implementations do not make a comparison fail", () => {
  const before = now(1_000, 1);
  const cases = before.cases.map((of) => ({ ...of, earlier: true }));
  expect(compareReports({ machine, cases: now(1, 1_000).cases }, { machine, cases }, 20)).toMatchObject({
    compared: 0,
    slower: [],
    missing: [],
  });
});

test("cases of jobs that were not requested are not missing", () => {
  const saved = {
    machine,
    cases: [...cases, { job: "sync", name: "sequential", unit: "ms", median: 1, ...exact } as const],
  };
  expect(compareReports(saved, now(100, 1_000), 20).missing).toEqual([]);
});

test("a saved report is read back; anything else is refused in one line", () => {
  using folder = tempFolder();
  const file = folder.file("report.json");
  const refusal = (text: string | null): string => {
    if (text !== null) writeFileSync(file, text);
    try {
      readSavedReport(text === null ? folder.file("none.json") : file, false);
    } catch (error) {
      if (error instanceof Failure && error.kind === "usage") return error.message;
      throw error;
    }
    return "taken";
  };
  const report = JSON.stringify({ machine, cases, ratios: [] });
  expect(refusal(report)).toBe("taken");
  expect(refusal(JSON.stringify({ machine, cases, quick: true }))).toBe(
    `--against ${file}: that was a quick run, and only quick runs compare with it; add --quick`,
  );
  const refused = [
    null,
    "",
    "not json",
    "[]",
    "null",
    "{}",
    JSON.stringify({ machine, cases: [] }),
    JSON.stringify({ machine, cases: [{ ...cases[0], median: 0 }] }),
    JSON.stringify({ machine, cases: [{ ...cases[0], median: "fast" }] }),
    JSON.stringify({ machine, cases: [{ ...cases[0], unit: "parsec" }] }),
    report.slice(0, -9),
  ].map(refusal);
  for (const line of refused) {
    expect(line).toContain("expected a report that nodupe bench --save FILE wrote");
    expect(line).not.toContain("\n");
  }
});
