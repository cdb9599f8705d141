import { plural } from "../../lib/format/count.ts";
import { formatQuantity } from "../../lib/format/duration.ts";
import { magnitude } from "../clock/clock.ts";
import type { Combination } from "./combine.ts";
import type { Peer } from "./peer.ts";
import { type Agreement, highOf, lowOf, overlap, type Vote } from "./select.ts";
import { type Ending, SILENT_NS } from "./stop-rule.ts";

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

/** A status, and the reason to report. */
export interface Judgement {
  readonly status: ServerStatus;
  readonly reason: string | null;
}

export function unreachable(reason: string): Judgement {
  return { status: "unreachable", reason };
}

const NOT_NEEDED = "enough others agreed before it answered";

/** A server whose address or keys had not arrived when the round ended. */
export function judgeAwaited(late: string, ending: Ending): Judgement {
  switch (ending) {
    case "deadline":
    case "exhausted":
      return unreachable(late);
    case "outnumbered":
    case "quiet":
      return { status: "not_needed", reason: NOT_NEEDED };
    case "interrupted":
      return { status: "not_needed", reason: "interrupted before it was asked" };
  }
}

/** Why an address never answered. */
export function judgeSilent(peer: Peer, ending: Ending, endedRawNs: bigint): Judgement {
  const { end, fault, firstSentRawNs } = peer;
  switch (end?.type) {
    case "kiss":
      return { status: "kiss_of_death", reason: `kiss code ${end.code}` };
    case "unsynchronised":
      return { status: "unsynchronised", reason: end.reason };
    case "invalid":
      return { status: "invalid", reason: end.reason };
    case "expired":
      return { status: "invalid", reason: "its certificate is not valid at the time that it reports" };
    case "refused":
      return { status: "unreachable", reason: end.reason };
    case undefined:
  }
  if (fault !== null) return { status: "invalid", reason: fault };
  if (firstSentRawNs === null) return { status: "not_needed", reason: "it was not asked" };
  const waitedNs = endedRawNs - firstSentRawNs;
  if (ending === "interrupted")
    return { status: "not_needed", reason: `interrupted after ${quantity(waitedNs)}` };
  // The round ended early: that says nothing about this address.
  if (ending !== "deadline" && waitedNs < SILENT_NS) return { status: "not_needed", reason: NOT_NEEDED };
  return { status: "unreachable", reason: `no answer within ${quantity(waitedNs)}` };
}

/** The result of a round's votes. */
export interface Verdict {
  readonly agreement: Agreement | null;
  readonly combination: Combination | null;
  readonly votes: readonly Vote[];
  /** Why the agreement is not followed; null if it is. */
  readonly refused: string | null;
}

/** Judges a server's vote against those of the others. */
export function judgeVote(vote: Vote, verdict: Verdict): Judgement {
  const { agreement, combination, refused, votes } = verdict;
  if (agreement === null) {
    return {
      status: "falseticker",
      reason: `no majority: it contradicts ${plural(votes.length - 1, "other server")}`,
    };
  }
  if (lowOf(vote) > agreement.lowNs || highOf(vote) < agreement.highNs) {
    const middle = (agreement.lowNs + agreement.highNs) / 2n;
    const apart = magnitude(vote.offsetNs - middle);
    return {
      status: "falseticker",
      reason: `it is ${quantity(apart)} from what ${plural(agreement.support, "server")} agreed on, and claims ± ${quantity(vote.rootDistanceNs)}`,
    };
  }
  if (refused !== null) return { status: "survivor", reason: refused };
  return { status: combination?.selected === vote.id ? "selected" : "survivor", reason: null };
}

/** Judges an address whose server is represented by a more certain one. */
export function judgeUnrepresentative(own: Vote, speaker: Vote, ofSpeaker: Judgement): Judgement {
  if (ofSpeaker.status === "falseticker") return ofSpeaker;
  if (overlap(own, speaker))
    return { status: "survivor", reason: "another address of the same server was more precise" };
  return { status: "falseticker", reason: "it contradicts a more precise address of the same server" };
}

/** Judges a server that named the same time server as another one. */
export function judgeSharing(server: string, ofSpeaker: Judgement): Judgement {
  if (ofSpeaker.status === "falseticker") return ofSpeaker;
  return { status: "survivor", reason: `it names the same time server as ${server}: they have one vote` };
}
