import { isRate, type Job, type Unit } from "./experiment.ts";
import type { Machine } from "./machine.ts";
import type { CaseReport } from "./report.ts";

/** A case that was measured then and now. `slower_percent` is negative where it became faster. */
export interface Change {
  readonly job: Job;
  readonly name: string;
  readonly unit: Unit;
  readonly before: number;
  readonly after: number;
  readonly slower_percent: number;
}

export interface Comparison {
  readonly tolerance_percent: number;
  readonly compared: number;
  /** Beyond the tolerance, the worst first. */
  readonly slower: readonly Change[];
  readonly faster: readonly Change[];
  /** Cases of these jobs that the saved report has and this one has not. */
  readonly missing: readonly string[];
  readonly same_machine: boolean;
}

function slowerPercent(before: number, after: number, unit: Unit): number {
  return ((isRate(unit) ? before / after : after / before) - 1) * 100;
}

function keyOf({ job, name, unit }: Pick<CaseReport, "job" | "name" | "unit">): string {
  return `${job} ${name} [${unit}]`;
}

/** What is compared of a report. */
interface Comparable {
  readonly machine: Pick<Machine, "cpu" | "cores" | "memory_bytes">;
  readonly cases: readonly Pick<CaseReport, "job" | "name" | "unit" | "median">[];
}

/** Compares medians, case by case. Pure. */
export function compareReports(saved: Comparable, now: Comparable, tolerancePercent: number): Comparison {
  const known = new Map(saved.cases.map((of) => [keyOf(of), of]));
  const changes = now.cases.flatMap((current): Change[] => {
    const earlier = known.get(keyOf(current));
    if (earlier === undefined) return [];
    const { job, name, unit, median: after } = current;
    const before = earlier.median;
    return [{ job, name, unit, before, after, slower_percent: slowerPercent(before, after, unit) }];
  });
  const measured = new Set(now.cases.map(keyOf));
  const jobs = new Set(now.cases.map(({ job }) => job));
  const isSame = (key: "cpu" | "cores" | "memory_bytes"): boolean => saved.machine[key] === now.machine[key];
  return {
    tolerance_percent: tolerancePercent,
    compared: changes.length,
    slower: changes
      .filter((change) => change.slower_percent > tolerancePercent)
      .toSorted((left, right) => right.slower_percent - left.slower_percent),
    // As far below as the tolerance is above: twice as slow and twice as fast are the same distance.
    faster: changes
      .filter((change) => change.slower_percent < (1 / (1 + tolerancePercent / 100) - 1) * 100)
      .toSorted((left, right) => left.slower_percent - right.slower_percent),
    missing: saved.cases.filter((of) => jobs.has(of.job) && !measured.has(keyOf(of))).map(keyOf),
    same_machine: isSame("cpu") && isSame("cores") && isSame("memory_bytes"),
  };
}
