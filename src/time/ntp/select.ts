/** A server's claim: an interval that contains true time if the server is right. */
export interface Vote {
  readonly id: string;
  readonly offsetNs: bigint;
  readonly rootDistanceNs: bigint;
}

/** Points from `lowNs` to `highNs`, inclusive. */
export interface Interval {
  readonly lowNs: bigint;
  readonly highNs: bigint;
}

/** The interval supported by the most votes. */
export interface Agreement extends Interval {
  /** The greatest number of overlapping intervals. */
  readonly support: number;
  /** The votes that contain the whole interval, and so are right if `support` votes are. */
  readonly agreeing: readonly Vote[];
}

interface Edge {
  readonly at: bigint;
  /** +1 at the start of an interval, -1 at its end. */
  readonly turn: 1 | -1;
}

export const lowOf = ({ offsetNs, rootDistanceNs }: Vote): bigint => offsetNs - rootDistanceNs;
export const highOf = ({ offsetNs, rootDistanceNs }: Vote): bigint => offsetNs + rootDistanceNs;

/** Whether two intervals have a point in common. */
export function overlap(left: Vote, right: Vote): boolean {
  return lowOf(left) <= highOf(right) && lowOf(right) <= highOf(left);
}

export function compareNs(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Marzullo's algorithm as used by NTP's selection (RFC 5905, section 11.2.1): where the most intervals overlap.
 * Independent of the order of votes. If several places tie, the result spans them all: a vote containing only one
 * of them is contradicted by as many votes as support it.
 */
export function largestAgreement(votes: readonly Vote[]): Agreement | null {
  const edges = votes
    .flatMap((vote): Edge[] => [
      { at: lowOf(vote), turn: 1 },
      { at: highOf(vote), turn: -1 },
    ])
    .toSorted((left, right) => compareNs(left.at, right.at) || right.turn - left.turn);
  let depth = 0;
  let support = 0;
  let lowNs = 0n;
  let highNs = 0n;
  for (const { at, turn } of edges) {
    if (turn === -1 && depth === support) highNs = at;
    depth += turn;
    if (depth > support) {
      support = depth;
      lowNs = at;
    }
  }
  if (support === 0) return null;
  const agreeing = votes.filter((vote) => lowOf(vote) <= lowNs && highOf(vote) >= highNs);
  return { support, agreeing, lowNs, highNs };
}

/**
 * The agreement of more than half of the voters, or null. Any two places where more than half overlap share a vote, and
 * an interval that contains two places contains everything between them: so `agreeing` is never empty here.
 */
export function majority(votes: readonly Vote[]): Agreement | null {
  const agreement = largestAgreement(votes);
  return agreement !== null && agreement.support * 2 > votes.length ? agreement : null;
}
