import type { Vote } from "./select.ts";

/** Of the servers that agree, only those at most this many times as uncertain as the best one take part. */
const COMBINE_LIMIT = 3n;

/** Weights are 2^40 divided by the root distance in nanoseconds: integers that keep enough digits up to 15 minutes. */
const WEIGHT = 1n << 40n;

export interface Combination {
  /** The vote with the least root distance: the system peer of RFC 5905. */
  readonly selected: string;
  /** Whose offsets were weighed, the selected one's among them. */
  readonly combined: readonly string[];
  readonly offsetNs: bigint;
  /** The selected server's root distance, and how far combining moved away from it. */
  readonly errorBoundNs: bigint;
}

function compareVotes(left: Vote, right: Vote): number {
  if (left.rootDistanceNs !== right.rootDistanceNs)
    return left.rootDistanceNs < right.rootDistanceNs ? -1 : 1;
  return left.id < right.id ? -1 : 1;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/**
 * The offset of servers that agree, weighted by the reciprocal of their root distance (RFC 5905, section 11.2.3).
 * Null where there are none.
 */
export function combine(votes: readonly Vote[]): Combination | null {
  const [best, ...others] = votes.toSorted(compareVotes);
  if (best === undefined) return null;
  const near = [best, ...others.filter((vote) => vote.rootDistanceNs <= best.rootDistanceNs * COMBINE_LIMIT)];
  let weights = 0n;
  let sum = 0n;
  for (const vote of near) {
    const weight = WEIGHT / (vote.rootDistanceNs > 0n ? vote.rootDistanceNs : 1n) + 1n;
    weights += weight;
    // Relative to the best, so that the sum stays small.
    sum += weight * (vote.offsetNs - best.offsetNs);
  }
  const shift = sum / weights;
  return {
    selected: best.id,
    combined: near.map((vote) => vote.id),
    offsetNs: best.offsetNs + shift,
    errorBoundNs: best.rootDistanceNs + magnitude(shift),
  };
}
