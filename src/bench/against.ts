import { isRate, type Job, type Unit } from "./experiment.ts";
import type { Machine } from "./machine.ts";
import type { CaseReport } from "./report.ts";

/**
 * A case measured before and now. `slower_percent` compares the medians; it is negative if the case became faster.
 * It lies between `low_percent` and `high_percent` with the same certainty as the medians lie in their intervals.
 */
export interface Change {
  readonly job: Job;
  readonly name: string;
  readonly unit: Unit;
  readonly before: number;
  readonly after: number;
  readonly slower_percent: number;
  readonly low_percent: number;
  readonly high_percent: number;
}

export interface Comparison {
  readonly tolerance_percent: number;
  readonly compared: number;
  /**
   * Certainly slower, and by more than the tolerance; the worst first. Does not include earlier ways of doing things.
   */
  readonly slower: readonly Change[];
  readonly faster: readonly Change[];
  /** Cases of these jobs that are in the saved report but not in this one. */
  readonly missing: readonly string[];
  readonly same_machine: boolean;
}

function slowerPercent(before: number, after: number, unit: Unit): number {
  return ((isRate(unit) ? before / after : after / before) - 1) * 100;
}

function keyOf({ job, name, unit }: Pick<CaseReport, "job" | "name" | "unit">): string {
  return `${job} ${name} [${unit}]`;
}

type ComparedCase = Pick<CaseReport, "job" | "name" | "unit" | "median" | "median_low" | "median_high">;

/** The part of a report that is compared. */
interface Comparable {
  readonly machine: Pick<Machine, "cpu" | "cores" | "memory_bytes">;
  readonly cases: readonly ComparedCase[];
}

/** The current report that it is compared with. */
interface Current extends Comparable {
  readonly cases: readonly (ComparedCase & Pick<CaseReport, "earlier">)[];
}

/** The confidence interval of a median; the median itself if the report has none. */
function intervalOf({ median, median_low: low, median_high: high }: ComparedCase): readonly [number, number] {
  return [low ?? median, high ?? median];
}

function changeOf(earlier: ComparedCase, current: ComparedCase): Change {
  const { job, name, unit, median: after } = current;
  const before = earlier.median;
  const [[beforeLow, beforeHigh], [afterLow, afterHigh]] = [intervalOf(earlier), intervalOf(current)];
  const ends = [slowerPercent(beforeLow, afterHigh, unit), slowerPercent(beforeHigh, afterLow, unit)];
  return {
    job,
    name,
    unit,
    before,
    after,
    slower_percent: slowerPercent(before, after, unit),
    low_percent: Math.min(...ends),
    high_percent: Math.max(...ends),
  };
}

/**
 * Compares the medians of our own ways, case by case: a change counts if it exceeds the tolerance and the two
 * intervals do not overlap. Pure.
 */
export function compareReports(saved: Comparable, now: Current, tolerancePercent: number): Comparison {
  const known = new Map(saved.cases.map((of) => [keyOf(of), of]));
  const changes = now.cases.flatMap((current): Change[] => {
    const earlier = known.get(keyOf(current));
    return earlier === undefined || current.earlier ? [] : [changeOf(earlier, current)];
  });
  const measured = new Set(now.cases.map(keyOf));
  const jobs = new Set(now.cases.map(({ job }) => job));
  const isSame = (key: "cpu" | "cores" | "memory_bytes"): boolean => saved.machine[key] === now.machine[key];
  return {
    tolerance_percent: tolerancePercent,
    compared: changes.length,
    slower: changes
      .filter((change) => change.slower_percent > tolerancePercent && change.low_percent > 0)
      .toSorted((left, right) => right.slower_percent - left.slower_percent),
    // The tolerance is applied as a ratio: twice as slow and twice as fast are equally far.
    faster: changes
      .filter(
        (change) =>
          change.slower_percent < (1 / (1 + tolerancePercent / 100) - 1) * 100 && change.high_percent < 0,
      )
      .toSorted((left, right) => left.slower_percent - right.slower_percent),
    missing: saved.cases.filter((of) => jobs.has(of.job) && !measured.has(keyOf(of))).map(keyOf),
    same_machine: isSame("cpu") && isSame("cores") && isSame("memory_bytes"),
  };
}
