import { expect, test } from "bun:test";
import type { Machine } from "../../src/bench/machine.ts";
import { caseReports, ratioReports, type BenchReport } from "../../src/bench/report.ts";
import {
  benchMarkdown,
  benchText,
  boardLine,
  comparisonText,
  machineLine,
  threeDigits,
} from "../../src/render/bench.ts";

const machine: Machine = {
  cpu: "Cortex-A72",
  cores: 4,
  memory_bytes: 4 * 1024 ** 3,
  architecture: "arm64",
  system: "linux",
  filesystem: "ext4",
  storage_write_bytes_per_s: 20 * 1024 ** 2,
  storage_read_bytes_per_s: null,
  nodupe: "0.2.0",
};

const measured = {
  job: "time",
  name: "8 servers",
  unit: "ms",
  rounds: new Map([
    ["one after another", [[1_000], [1_200]]],
    ["all at once", [[50], [100]]],
    ["never run", []],
  ]),
} as const;

const claims = [
  { name: "parallel | at once", before: "one after another", after: "all at once" },
  { name: "nothing to compare", before: "one after another", after: "never run" },
];

const board = {
  cvs_per_s: 1_234,
  cv_bytes: 16 * 1024,
  log_gb_s: 42.1,
  comparison_ms: 5.5,
  limit: "processor",
} as const;

const report: BenchReport = {
  machine,
  quick: true,
  cases: caseReports(measured, new Map([["one after another", { earlier: true }]])),
  ratios: ratioReports(measured, claims),
  board,
  failures: [{ job: "sync", name: "uploads", reason: "no sandbox" }],
  interrupted: false,
  elapsed_s: 6.54321,
};

test("cases and ratios are computed from rounds; a way that was never measured has neither", () => {
  expect(report.cases).toEqual([
    {
      job: "time",
      name: "8 servers: one after another",
      experiment: "8 servers",
      way: "one after another",
      unit: "ms",
      median: 1_100,
      p99: 1_198,
      low: 1_050,
      high: 1_150,
      median_low: 1_000,
      median_high: 1_200,
      earlier: true,
      samples: 2,
      series: [1_000, 1_200],
    },
    {
      job: "time",
      name: "8 servers: all at once",
      experiment: "8 servers",
      way: "all at once",
      unit: "ms",
      median: 75,
      p99: 99.5,
      low: 62.5,
      high: 87.5,
      median_low: 50,
      median_high: 100,
      earlier: false,
      samples: 2,
      series: [50, 100],
    },
  ]);
  expect(report.ratios).toEqual([
    {
      job: "time",
      name: "parallel | at once",
      unit: "ms",
      // Of the middle round; of two rounds, the worse.
      before: 1_200,
      after: 100,
      ratio: 12,
      low: 12,
      high: 20,
      before_case: "8 servers: one after another",
      after_case: "8 servers: all at once",
    },
  ]);
});

test("the text report", () => {
  expect(benchText(report, null)).toBe(
    [
      "Cortex-A72, 4 cores · 4.0 GiB memory · linux arm64 · storage (ext4): writes 20.0 MiB/s, reads unknown",
      "",
      "time",
      "",
      "case                   median  spread       p99  samples  series",
      "8 servers",
      "  one after another  1,100 ms  ±4.55%  1,200 ms        2  ▁█",
      "  all at once         75.0 ms  ±16.7%   99.5 ms        2  ▁█",
      "",
      "claim                 before   after  better by (worst–best round)",
      "parallel | at once  1,200 ms  100 ms             12.0× (12.0–20.0)",
      "",
      "sync, uploads: not measured: no sandbox",
      "6.54 s, quick; p99: 99 of 100 samples are at least this good",
      "",
      "this board: 1,230 CVs of 16.0 KiB a second, a 1 GB log in 42.1 s, a comparison in 5.50 ms; the limit is the processor (the storage reads unknown)",
    ].join("\n"),
  );
});

test("the Markdown report escapes what would end a cell", () => {
  expect(benchMarkdown(report).split("\n")).toEqual([
    `Measured by nodupe 0.2.0 on: ${machineLine(machine)}.`,
    "",
    "### time",
    "",
    "| case | median | spread | p99 | samples | series |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    "| 8 servers: one after another | 1,100 ms | ±4.55% | 1,200 ms | 2 | ▁█ |",
    "| 8 servers: all at once | 75.0 ms | ±16.7% | 99.5 ms | 2 | ▁█ |",
    "",
    "| claim | before | after | better by (worst–best round) |",
    "| --- | ---: | ---: | ---: |",
    "| parallel \\| at once | 1,200 ms | 100 ms | 12.0× (12.0–20.0) |",
    "",
    "This board: 1,230 CVs of 16.0 KiB a second, a 1 GB log in 42.1 s, a comparison in 5.50 ms; the limit is the processor (the storage reads unknown).",
  ]);
});

test("numbers have three significant digits", () => {
  expect([0, 0.00784, 0.5, 9.999, 10, 123.4, 1_287, 12_345_678, -2.5].map(threeDigits)).toEqual([
    "0",
    "0.00784",
    "0.500",
    "10.0",
    "10.0",
    "123",
    "1,290",
    "12,300,000",
    "-2.50",
  ]);
});

test("a comparison names what is slower, what is faster, and what is missing", () => {
  const change = { job: "time", unit: "ms", before: 100 } as const;
  expect(
    comparisonText(
      {
        tolerance_percent: 20,
        compared: 3,
        slower: [
          { ...change, name: "query", after: 150, slower_percent: 50, low_percent: 40, high_percent: 60 },
        ],
        faster: [
          { ...change, name: "scan", after: 50, slower_percent: -50, low_percent: -60, high_percent: -40 },
        ],
        missing: ["time gone [ms]"],
        same_machine: false,
      },
      "before.json",
    ),
  ).toBe(
    [
      "Against before.json: 3 cases compared, 1 surely slower and by more than 20%, 1 faster.",
      "The saved report is from another machine.",
      "  time, query: 100 ms → 150 ms (50.0% slower, interval 40.0% slower to 60.0% slower)",
      "  time, scan: 100 ms → 50.0 ms (100% faster, interval 150% faster to 66.7% faster)",
      "  time gone [ms]: in the saved report, not measured now",
    ].join("\n"),
  );
});

test("memory is shown as the maximum of each half, and its growth", () => {
  const watched = caseReports(
    {
      job: "sync",
      name: "memory while uploading",
      unit: "MiB",
      rounds: new Map([
        ["resident", [[40, 60, 63]]],
        ["most in the first half", [[60]]],
        ["most in the second half", [[63]]],
      ]),
    },
    new Map(),
  );
  const text = benchText({ ...report, cases: watched, ratios: [], failures: [] }, null);
  expect(text.split("\n").slice(2, 6)).toEqual([
    "sync",
    "",
    "resident memory         first half, most  second half, most  growth  series",
    "memory while uploading          60.0 MiB           63.0 MiB  +5.00%     ▁▇█",
  ]);
});

test("the last line says what the board can do, as far as measured", () => {
  const line = (part: Partial<BenchReport["board"]>, reads: number | null): string | null =>
    boardLine({
      board: { ...board, ...part },
      machine: { ...machine, storage_read_bytes_per_s: reads },
    });
  expect(line({ limit: "storage" }, 23 * 1024 ** 2)).toEndWith("; the limit is the storage (23.0 MiB/s)");
  const none = { cvs_per_s: null, cv_bytes: null, log_gb_s: null, comparison_ms: null, limit: null };
  expect(line({ ...none, comparison_ms: 5.5 }, null)).toBe("this board: a comparison in 5.50 ms");
  expect(line(none, null)).toBeNull();
});
