import { magnitude } from "../clock/clock.ts";
import { type Agreement, compareNs, highOf, type Interval, lowOf, type Vote } from "./select.ts";

/** How many servers could be right or wrong. */
export interface Census {
  readonly asked: number;
  readonly answered: number;
}

/** How many liars a bound tolerates. */
export interface Tolerance {
  readonly liars: number;
  /**
   * Out of all servers asked; or out of those that answered, if so many are silent that the others could not
   * outnumber liars among all.
   */
  readonly of: "asked" | "answered";
}

export interface Combination {
  /** The vote that the answer rests on: the one whose offset is closest to it. */
  readonly selected: string;
  readonly offsetNs: bigint;
  readonly errorBoundNs: bigint;
  readonly tolerance: Tolerance;
  /**
   * Whether no more answers are needed: whoever the liars are, the answer lies in an honest server's interval, and
   * a single liar could not have moved it past the honest ones.
   */
  readonly isFirm: boolean;
}

/** The most servers that can lie while most of `count` are honest. */
function minorityOf(count: number): number {
  return Math.max(0, Math.ceil(count / 2) - 1);
}

function toleranceOf(support: number, { asked, answered }: Census): Tolerance {
  const liars = minorityOf(asked);
  return support > liars ? { liars, of: "asked" } : { liars: minorityOf(answered), of: "answered" };
}

/**
 * The points covered by at least `depth` of votes that all share a point. Moving away from that point the coverage
 * only decreases, so these points form one interval.
 */
export function pointsInAtLeast(votes: readonly Vote[], depth: number): Interval {
  const lows = votes.map(lowOf).toSorted(compareNs);
  const highs = votes.map(highOf).toSorted((left, right) => compareNs(right, left));
  return { lowNs: lows[depth - 1] ?? 0n, highNs: highs[depth - 1] ?? 0n };
}

function clamp(ns: bigint, { lowNs, highNs }: Interval): bigint {
  return ns < lowNs ? lowNs : ns > highNs ? highNs : ns;
}

/**
 * Two votes cannot outvote each other: their mean, weighted by the reciprocal of the root distance (RFC 5905,
 * section 11.2.3).
 */
function weightedMean(left: Vote, right: Vote): bigint {
  const total = left.rootDistanceNs + right.rootDistanceNs;
  const apart = right.offsetNs - left.offsetNs;
  return left.offsetNs + (total === 0n ? apart / 2n : (apart * left.rootDistanceNs) / total);
}

/**
 * The median of three or more votes, weighted by the reciprocal of the root distance. No weight exceeds the sum of the
 * others less half a vote, so that one liar, whatever it claims, leaves the median between the others' offsets.
 */
function weightedMedian(sorted: readonly Vote[]): bigint {
  const vaguest = Math.max(...sorted.map(({ rootDistanceNs }) => Number(rootDistanceNs)), 1);
  const most = sorted.length - 1.5;
  const weights = sorted.map(({ rootDistanceNs }) =>
    Math.min(most, vaguest / Math.max(1, Number(rootDistanceNs))),
  );
  const half = weights.reduce((sum, weight) => sum + weight, 0) / 2;
  let sum = 0;
  for (const [index, { offsetNs }] of sorted.entries()) {
    sum += weights[index] ?? 0;
    if (sum > half) return offsetNs;
    if (sum === half) return (offsetNs + (sorted[index + 1]?.offsetNs ?? offsetNs)) / 2n;
  }
  return sorted.at(-1)?.offsetNs ?? 0n;
}

function middle(votes: readonly Vote[]): bigint {
  const sorted = votes.toSorted(
    (left, right) => compareNs(left.offsetNs, right.offsetNs) || (left.id < right.id ? -1 : 1),
  );
  const [first, second, ...more] = sorted;
  if (first === undefined) return 0n;
  if (second === undefined) return first.offsetNs;
  return more.length === 0 ? weightedMean(first, second) : weightedMedian(sorted);
}

function nearest(votes: readonly Vote[], offsetNs: bigint): Vote | undefined {
  const away = (vote: Vote): bigint => magnitude(vote.offsetNs - offsetNs);
  const [best] = votes.toSorted(
    (left, right) =>
      compareNs(away(left), away(right)) ||
      compareNs(left.rootDistanceNs, right.rootDistanceNs) ||
      (left.id < right.id ? -1 : 1),
  );
  return best;
}

/**
 * Combines the votes of servers that agree, and bounds the error of the result.
 *
 * The bound: at most `tolerance.liars` of all asked lie, so the truth lies in the intervals of at least support -
 * liars of those that agree; the bound reaches to the farthest such point. Votes that claim ±0 cannot make it
 * narrower than the honest ones among them allow, and more answers make it narrower.
 *
 * The answer: the median, moved to where liars + 1 intervals overlap, one of which is honest. If that takes all
 * that agree, a single liar could move the overlap at will: then one fewer is required, and `isFirm` says whether
 * to wait for more answers.
 */
export function combine(agreement: Agreement, census: Census): Combination {
  const { support, agreeing } = agreement;
  const tolerance = toleranceOf(support, census);
  const { liars } = tolerance;
  const count = agreeing.length;
  const honest = Math.max(1, Math.min(count, support - liars));
  const enough = Math.min(count, liars + 1);
  const depth = Math.max(honest, Math.min(enough, Math.max(2, support - 1)));
  // Tied places are connected by the votes that cover them all; honest intervals cover everything in between.
  const isTied = count < support;
  const median = middle(agreeing);
  const offsetNs = clamp(median, isTied ? agreement : pointsInAtLeast(agreeing, depth));
  const reach = pointsInAtLeast(agreeing, honest);
  const below = offsetNs - reach.lowNs;
  const above = reach.highNs - offsetNs;
  return {
    selected: nearest(agreeing, offsetNs)?.id ?? "",
    offsetNs,
    errorBoundNs: below > above ? below : above,
    tolerance,
    isFirm: isTied || depth >= enough || clamp(median, pointsInAtLeast(agreeing, enough)) === median,
  };
}
