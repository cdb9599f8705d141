import { type Claim, isRate, type Job, type Unit } from "./experiment.ts";
import type { Machine } from "./machine.ts";
import type { Rounds } from "./measure/measure.ts";
import { improvement, median, quantile, summarise, thin } from "./measure/statistics.ts";

/** Points of the series that a report keeps of a case. */
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
  /** Between these lies the middle half of the samples. */
  readonly low: number;
  readonly high: number;
  /** The samples in the order they were taken, thinned. */
  readonly series: readonly number[];
}

/** `ratio` is how many times better `after` is; `low` and `high` are that of the worst and the best round. */
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

export interface BenchReport {
  readonly machine: Machine;
  readonly quick: boolean;
  readonly cases: readonly CaseReport[];
  readonly ratios: readonly RatioReport[];
  readonly failures: readonly { readonly job: Job; readonly name: string; readonly reason: string }[];
  readonly interrupted: boolean;
  readonly elapsed_s: number;
}

interface Measured {
  readonly job: Job;
  readonly name: string;
  readonly unit: Unit;
  readonly rounds: Rounds;
  readonly claims: readonly Claim[];
}

function valuesOf(rounds: Rounds, way: string): number[] {
  return rounds.get(way)?.flat() ?? [];
}

export function caseReports({ job, name, unit, rounds }: Measured): CaseReport[] {
  return [...rounds.keys()].flatMap((way) => {
    const values = valuesOf(rounds, way);
    if (values.length === 0) return [];
    const summary = summarise(values, isRate(unit));
    const series = thin(values, SERIES_POINTS);
    return [{ job, name: `${name}: ${way}`, experiment: name, way, unit, ...summary, series }];
  });
}

/** Each claim as the ratio of medians, with its range over the rounds in which both ways were measured. */
export function ratioReports({ job, name, unit, rounds, claims }: Measured): RatioReport[] {
  const rate = isRate(unit);
  return claims.flatMap((claim) => {
    const [befores, afters] = [rounds.get(claim.before), rounds.get(claim.after)];
    if (befores === undefined || afters === undefined || befores.length === 0 || afters.length === 0)
      return [];
    const before = median(befores.flat());
    const after = median(afters.flat());
    const each = befores.flatMap((values, round) => {
      const others = afters[round];
      return others === undefined ? [] : [improvement(median(values), median(others), rate)];
    });
    const sorted = each.toSorted((left, right) => left - right);
    return [
      {
        job,
        name: claim.name,
        unit,
        before,
        after,
        ratio: improvement(before, after, rate),
        low: quantile(sorted, 0),
        high: quantile(sorted, 1),
        before_case: `${name}: ${claim.before}`,
        after_case: `${name}: ${claim.after}`,
      },
    ];
  });
}
