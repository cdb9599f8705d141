import type { Tally } from "./server-vote.ts";

/** Why a round is over. */
export type Ending =
  /** Those who agree outnumber all others, heard or not. */
  | "outnumbered"
  /** A majority of those who answered agree, and nothing more has come for long enough. */
  | "quiet"
  /** Nobody is left who could answer. */
  | "exhausted"
  | "deadline"
  | "interrupted";

export interface PatienceOptions {
  /** How many servers must agree. */
  readonly minServers: number;
  /** The least wait for another answer once half of all servers agree. */
  readonly patienceNs: bigint;
  /** The least wait while fewer do: a few fast liars could still be outvoted by those that are slower. */
  readonly doubtfulPatienceNs: bigint;
}

export interface Quiet {
  /** Since the last answer. */
  readonly quietNs: bigint;
  /** Median delay of the answers. */
  readonly medianDelayNs: bigint;
  /** How long those who are pending, and answered in earlier runs, may take yet by what they took then. */
  readonly expectedNs: bigint;
}

function max(...values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most), 0n);
}

/** How long to wait for another answer before those who agree are taken at their word. */
export function patienceNs(counted: Tally, quiet: Quiet, options: PatienceOptions): bigint {
  const known = counted.support * 2 >= counted.votes.length + counted.pending;
  const least = known ? options.patienceNs : options.doubtfulPatienceNs;
  return max(2n * quiet.medianDelayNs, least, quiet.expectedNs);
}

/** Whether a round may end before its deadline. */
export function earlyEnd(counted: Tally, quiet: Quiet, options: PatienceOptions): Ending | null {
  if (counted.pending === 0) {
    return counted.settled * 2 > counted.votes.length && counted.settled >= options.minServers
      ? "outnumbered"
      : "exhausted";
  }
  const against = counted.votes.length - counted.support;
  const enough = counted.support >= options.minServers;
  // A provisional vote is pending as well: it is counted against, not for.
  if (enough && counted.settled >= options.minServers && counted.settled > against + counted.pending)
    return "outnumbered";
  const isMajority = counted.support * 2 > counted.votes.length;
  const waited = quiet.quietNs >= patienceNs(counted, quiet, options);
  return enough && isMajority && waited ? "quiet" : null;
}
