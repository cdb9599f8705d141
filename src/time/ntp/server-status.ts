import { formatQuantity } from "../../lib/format/duration.ts";
import type { Combination } from "./combine.ts";
import type { Ending } from "./stop-rule.ts";
import type { Peer } from "./peer.ts";
import type { Agreement, Vote } from "./select.ts";

export type ServerStatus =
  | "selected"
  | "survivor"
  | "falseticker"
  | "unreachable"
  | "kiss_of_death"
  | "unsynchronised"
  | "invalid"
  | "not_needed";

const quantity = (ns: bigint): string => formatQuantity(Number(ns) / 1e9);
const seconds = (ns: bigint): string => `${Number(ns) / 1e9} s`;
const magnitude = (ns: bigint): bigint => (ns < 0n ? -ns : ns);

/** A status, and the reason to tell. */
export interface Judgement {
  readonly status: ServerStatus;
  readonly reason: string | null;
}

/** Why an address that never answered did not. */
export function judgeSilent(peer: Peer, ending: Ending, endedRawNs: bigint, patienceNs: bigint): Judgement {
  const { end, fault, firstSentRawNs } = peer;
  switch (end?.kind) {
    case "kiss":
      return { status: "kiss_of_death", reason: `kiss code ${end.code}` };
    case "unsynchronised":
      return { status: "unsynchronised", reason: end.reason };
    case "invalid":
      return { status: "invalid", reason: end.reason };
    case "refused":
      return { status: "unreachable", reason: end.reason };
    case undefined:
  }
  if (fault !== null) return { status: "invalid", reason: fault };
  if (firstSentRawNs === null) return { status: "not_needed", reason: "it was not asked" };
  const waitedNs = endedRawNs - firstSentRawNs;
  if (ending === "interrupted")
    return { status: "not_needed", reason: `interrupted after ${quantity(waitedNs)}` };
  if (ending === "outnumbered" && waitedNs < patienceNs) {
    return { status: "not_needed", reason: "enough others agreed before it answered" };
  }
  return { status: "unreachable", reason: `no answer within ${quantity(waitedNs)}` };
}

/** What the votes of a round come to. */
export interface Verdict {
  readonly agreement: Agreement | null;
  readonly combination: Combination | null;
  readonly votes: readonly Vote[];
  /** Why those who agree are not followed; null where they are. */
  readonly refused: string | null;
}

/** What a vote is worth beside the others. */
export function judgeVote(vote: Vote, server: string, verdict: Verdict): Judgement {
  const { agreement, combination, refused, votes } = verdict;
  if (agreement === null) {
    return {
      status: "falseticker",
      reason: `no majority: it contradicts ${votes.length - 1} other server(s)`,
    };
  }
  const low = vote.offsetNs - vote.rootDistanceNs;
  const high = vote.offsetNs + vote.rootDistanceNs;
  if (low > agreement.lowNs || high < agreement.highNs) {
    const middle = (agreement.lowNs + agreement.highNs) / 2n;
    const apart = magnitude(vote.offsetNs - middle);
    return {
      status: "falseticker",
      reason: `it is ${seconds(apart)} from what ${agreement.support} server(s) agree on, and claims ±${seconds(vote.rootDistanceNs)}`,
    };
  }
  if (refused !== null) return { status: "survivor", reason: refused };
  if (combination?.selected === server) return { status: "selected", reason: null };
  const isCombined = combination?.combined.includes(server) === true;
  return { status: "survivor", reason: isCombined ? null : "it agrees, but is too uncertain to be combined" };
}
