import type { Comparison } from "../bench/against.ts";
import { type Job, JOBS, type Unit } from "../bench/experiment.ts";
import type { Machine } from "../bench/machine.ts";
import type { BenchReport, CaseReport, RatioReport } from "../bench/report.ts";
import { humanBytes } from "../lib/format/bytes.ts";
import { sparkline } from "../lib/format/sparkline.ts";
import { type Alignment, markdownTable, textTable } from "../lib/format/table.ts";

const INDENT = "  ";

/** Three significant digits, grouped: 12,300,000 · 1,230 · 12.3 · 0.0123. */
export function threeDigits(value: number): string {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

function withUnit(value: number, unit: Unit): string {
  return `${threeDigits(value)} ${unit}`;
}

/** Half the width of the middle half, relative to the median. */
function spreadText({ low, high, median }: CaseReport): string {
  return `±${threeDigits(((high - low) / 2 / median) * 100)}%`;
}

function ratioText({ ratio, low, high }: RatioReport): string {
  return `${threeDigits(ratio)}× (${threeDigits(low)}–${threeDigits(high)})`;
}

function speedText(bytesPerS: number | null): string {
  return bytesPerS === null ? "unknown" : `${humanBytes(bytesPerS)}/s`;
}

/** Describes a board in one line, for telling boards apart. */
export function machineLine(machine: Machine): string {
  const {
    cpu,
    cores,
    memory_bytes,
    architecture,
    system,
    filesystem,
    storage_write_bytes_per_s: write,
    storage_read_bytes_per_s: read,
  } = machine;
  return [
    `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}`,
    `${humanBytes(memory_bytes)} memory`,
    `${system} ${architecture}`,
    `storage${filesystem === null ? "" : ` (${filesystem})`}: writes ${speedText(write)}, reads ${speedText(read)}`,
  ].join(" · ");
}

const CASE_HEAD = ["case", "median", "spread", "p99", "samples", "series"];
const RATIO_HEAD = ["claim", "before", "after", "better by (worst–best round)"];

function caseCells(of: CaseReport): string[] {
  return [
    withUnit(of.median, of.unit),
    spreadText(of),
    withUnit(of.p99, of.unit),
    String(of.samples),
    sparkline(of.series),
  ];
}

/** Memory is observed in a single run: all there is to show is its maximum in each half. */
function isWatched({ unit }: CaseReport): boolean {
  return unit === "MiB";
}

const MEMORY_HEAD = ["resident memory", "first half, most", "second half, most", "growth", "series"];

/** One row for observed memory: the maximum of each half, the growth between them, and the series. */
function memoryRow(ways: readonly CaseReport[]): string[] {
  const [all, first, second] = ways;
  if (all === undefined || first === undefined || second === undefined) return [];
  const growth = (second.median / first.median - 1) * 100;
  return [
    all.experiment,
    withUnit(first.median, first.unit),
    withUnit(second.median, second.unit),
    `${growth < 0 ? "-" : "+"}${threeDigits(Math.abs(growth))}%`,
    sparkline(all.series),
  ];
}

/** A line for each experiment, followed by one for each of its ways. */
function indentedRows(cases: readonly CaseReport[]): string[][] {
  return [...Map.groupBy(cases, (of) => of.experiment)].flatMap(([experiment, ways]) => [
    [experiment],
    ...ways.map((of) => [`${INDENT}${of.way}`, ...caseCells(of)]),
  ]);
}

function ratioRow(of: RatioReport): string[] {
  return [of.name, withUnit(of.before, of.unit), withUnit(of.after, of.unit), ratioText(of)];
}

/** How tables and headings are formatted. */
interface Format {
  heading(job: Job): string;
  rows(cases: readonly CaseReport[]): string[][];
  table(head: readonly string[], rows: readonly (readonly string[])[]): string;
}

function sections(report: BenchReport, format: Format): string[] {
  return JOBS.flatMap((job) => {
    const all = report.cases.filter((of) => of.job === job);
    const cases = all.filter((of) => !isWatched(of));
    const memory = [...Map.groupBy(all.filter(isWatched), (of) => of.experiment).values()].map(memoryRow);
    const ratios = report.ratios.filter((of) => of.job === job);
    if (all.length === 0) return [];
    return [
      format.heading(job),
      ...(cases.length === 0 ? [] : [format.table(CASE_HEAD, format.rows(cases))]),
      ...(ratios.length === 0 ? [] : [format.table(RATIO_HEAD, ratios.map(ratioRow))]),
      ...(memory.length === 0 ? [] : [format.table(MEMORY_HEAD, memory)]),
    ];
  });
}

const TEXT: Format = {
  heading: (job) => job,
  rows: indentedRows,
  table: (head, rows) => textTable(head, rows, ["left", "right", "right", "right", "right", "left"]),
};

const MARKDOWN: Format = {
  heading: (job) => `### ${job}`,
  rows: (cases) => cases.map((of) => [of.name, ...caseCells(of)]),
  table: (head, rows) => markdownTable(head, rows, ["left", ...head.slice(1).map((): Alignment => "right")]),
};

/** What a board's owner wants to know, in one line; null if none of it was measured. */
export function boardLine({ board, machine }: Pick<BenchReport, "board" | "machine">): string | null {
  const { cvs_per_s: cvs, cv_bytes: cvBytes, log_gb_s: logS, comparison_ms: comparisonMs, limit } = board;
  const can = [
    ...(cvs === null ? [] : [`${threeDigits(cvs)} CVs of ${humanBytes(cvBytes ?? 0)} a second`]),
    ...(logS === null ? [] : [`a 1 GB log in ${threeDigits(logS)} s`]),
    ...(comparisonMs === null ? [] : [`a comparison in ${threeDigits(comparisonMs)} ms`]),
  ];
  if (can.length === 0) return null;
  const reads = `reads ${speedText(machine.storage_read_bytes_per_s)}`;
  switch (limit) {
    case "storage":
      return `this board: ${can.join(", ")}; the limit is the storage (${speedText(machine.storage_read_bytes_per_s)})`;
    case "processor":
      return `this board: ${can.join(", ")}; the limit is the processor (the storage ${reads})`;
    case null:
      return `this board: ${can.join(", ")}`;
  }
}

/** The report for people: a machine line, each job's cases and claims, and what the machine can do. */
export function benchText(report: BenchReport, compared: string | null): string {
  const notes = [
    ...(report.interrupted ? ["Interrupted: these are the results so far."] : []),
    ...report.failures.map(({ job, name, reason }) => `${job}, ${name}: not measured: ${reason}`),
    `${threeDigits(report.elapsed_s)} s${report.quick ? ", quick" : ""}; p99: 99 of 100 samples are at least this good`,
  ];
  const board = boardLine(report);
  return [
    machineLine(report.machine),
    ...sections(report, TEXT),
    notes.join("\n"),
    ...(compared === null ? [] : [compared]),
    ...(board === null ? [] : [board]),
  ].join("\n\n");
}

/** The same in Markdown, for a page. */
export function benchMarkdown(report: BenchReport): string {
  const { machine } = report;
  const board = boardLine(report);
  return [
    `Measured by nodupe ${machine.nodupe} on: ${machineLine(machine)}.`,
    ...sections(report, MARKDOWN),
    ...(board === null ? [] : [`${board[0]?.toUpperCase()}${board.slice(1)}.`]),
  ].join("\n\n");
}

/** The change in words: 50% slower, 20% faster. */
function signedPercent(slower: number): string {
  const faster = (1 / (1 + slower / 100) - 1) * 100;
  return slower < 0 ? `${threeDigits(faster)}% faster` : `${threeDigits(slower)}% slower`;
}

/** What became slower or faster since a saved report. */
export function comparisonText(comparison: Comparison, file: string): string {
  const { slower, faster: quicker, missing, compared, tolerance_percent: tolerance } = comparison;
  const line = (change: Comparison["slower"][number]): string => {
    const {
      job,
      name,
      unit,
      before,
      after,
      slower_percent: percent,
      low_percent: low,
      high_percent: high,
    } = change;
    const verdict = `${signedPercent(percent)}, interval ${signedPercent(low)} to ${signedPercent(high)}`;
    return `  ${job}, ${name}: ${withUnit(before, unit)} → ${withUnit(after, unit)} (${verdict})`;
  };
  return [
    `Against ${file}: ${compared} cases compared, ${slower.length} surely slower and by more than ${tolerance}%, ${quicker.length} faster.`,
    ...(comparison.same_machine ? [] : ["The saved report is from another machine."]),
    ...slower.map(line),
    ...quicker.map(line),
    ...missing.map((name) => `  ${name}: in the saved report, not measured now`),
  ].join("\n");
}
