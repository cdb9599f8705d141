import { type Capability, type Claim, isRate, type Job, type Unit } from "./experiment.ts";
import type { Machine } from "./machine.ts";
import type { Rounds } from "./measure/measure.ts";
import { improvement, median, medianInterval, summarise, thin } from "./measure/statistics.ts";

/** Points of a case's series that a report keeps. */
const SERIES_POINTS = 32;

/** A measured case. All values are in `unit`. The keys are those of the printed and saved JSON. */
export interface CaseReport {
  readonly job: Job;
  /** `EXPERIMENT: WAY`. */
  readonly name: string;
  readonly experiment: string;
  readonly way: string;
  readonly unit: Unit;
  readonly median: number;
  readonly p99: number;
  readonly samples: number;
  /** The middle half of the samples lies between these. */
  readonly low: number;
  readonly high: number;
  /** The confidence interval of the median, by rounds; null if there was only one. */
  readonly median_low: number | null;
  readonly median_high: number | null;
  /** An earlier implementation, measured for comparison only. */
  readonly earlier: boolean;
  /** The samples in the order taken, thinned out. */
  readonly series: readonly number[];
}

/**
 * `ratio` is how many times better `after` is; `low` and `high` are the ratios of the worst and the best round.
 * All three values of the middle round are reported together (`ratio`, `before` and `after`), so the ratio is
 * always within its range.
 */
export interface RatioReport {
  readonly job: Job;
  readonly name: string;
  readonly unit: Unit;
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly before_case: string;
  readonly after_case: string;
}

/** What this machine can do; null if the job was not measured or could not be. */
export interface BoardReport {
  readonly cvs_per_s: number | null;
  readonly cv_bytes: number | null;
  /** For a log of 10^9 bytes. */
  readonly log_gb_s: number | null;
  readonly comparison_ms: number | null;
  /** What limits the machine; null if neither uploads nor logs were measured. */
  readonly limit: "storage" | "processor" | null;
}

export interface BenchReport {
  readonly machine: Machine;
  readonly quick: boolean;
  readonly cases: readonly CaseReport[];
  readonly ratios: readonly RatioReport[];
  readonly board: BoardReport;
  readonly failures: readonly { readonly job: Job; readonly name: string; readonly reason: string }[];
  readonly interrupted: boolean;
  readonly elapsed_s: number;
}

/** What is known of a way besides its measurements. */
export interface WayFacts {
  readonly earlier?: true;
  readonly capability?: Capability;
  readonly bytesPerOperation?: number;
}

interface Measured {
  readonly job: Job;
  readonly name: string;
  readonly unit: Unit;
  readonly rounds: Rounds;
}

export function caseReports(
  { job, name, unit, rounds }: Measured,
  facts: ReadonlyMap<string, WayFacts>,
): CaseReport[] {
  return [...rounds].flatMap(([way, samples]) => {
    const values = samples.flat();
    if (values.length === 0) return [];
    const summary = summarise(values, isRate(unit));
    const interval = samples.length < 2 ? null : medianInterval(samples.map(median));
    return [
      {
        job,
        name: `${name}: ${way}`,
        experiment: name,
        way,
        unit,
        ...summary,
        median_low: interval?.low ?? null,
        median_high: interval?.high ?? null,
        earlier: facts.get(way)?.earlier === true,
        series: thin(values, SERIES_POINTS),
      },
    ];
  });
}

/** Each claim as the ratio of the middle round, with its range over the rounds that measured both ways. */
export function ratioReports({ job, name, unit, rounds }: Measured, claims: readonly Claim[]): RatioReport[] {
  const rate = isRate(unit);
  return claims.flatMap((claim) => {
    const afters = rounds.get(claim.after) ?? [];
    const each = (rounds.get(claim.before) ?? []).flatMap((values, round) => {
      const others = afters[round];
      if (others === undefined) return [];
      const [before, after] = [median(values), median(others)];
      return [{ before, after, ratio: improvement(before, after, rate) }];
    });
    const sorted = each.toSorted((left, right) => left.ratio - right.ratio);
    // If the number of rounds is even, the worse of the two in the middle.
    const [middle, worst, best] = [sorted[(sorted.length - 1) >> 1], sorted[0], sorted.at(-1)];
    if (middle === undefined || worst === undefined || best === undefined) return [];
    return [
      {
        job,
        name: claim.name,
        unit,
        ...middle,
        low: worst.ratio,
        high: best.ratio,
        before_case: `${name}: ${claim.before}`,
        after_case: `${name}: ${claim.after}`,
      },
    ];
  });
}
