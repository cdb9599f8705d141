import { combine } from "./combine.ts";
import { largestAgreement, type Vote } from "./select.ts";

/** Why a round is over. */
export type Ending =
  /** Those that agree outnumber all others, heard or not. */
  | "outnumbered"
  /** A majority of those that answered agree, and the others have had enough time. */
  | "quiet"
  /** No server is left that could still answer. */
  | "exhausted"
  | "deadline"
  | "interrupted";

/**
 * Every server gets this much time, fast or slow: a strict minority that answers at once cannot end a round earlier.
 */
export const SILENT_NS = 1_000_000_000n;

/** Servers by what they have sent so far; dead ones and unresolved names count as asked. */
export interface Count {
  readonly asked: number;
  readonly votes: readonly Vote[];
  /** Servers that have not answered but still may. */
  readonly pending: number;
  /** Whether requested samples are still in flight. */
  readonly isSampling: boolean;
}

/** Moments of a round, all on the raw monotonic clock. */
export interface Moments {
  readonly lastAnswerRawNs: bigint;
  /** Median delay of the answers. */
  readonly medianDelayNs: bigint;
  /** When the silent servers have had a second, and twice their delay in earlier runs. */
  readonly silentUntilRawNs: bigint;
}

export interface StopOptions {
  /** How many servers must agree. */
  readonly minServers: number;
  /** The clock will be set: what less than half of the servers support is not accepted before the deadline. */
  readonly isThorough: boolean;
}

/** When a round ends if nothing more arrives, or why it is over already; `open`: not before its deadline. */
export type Stop =
  | { readonly type: "over"; readonly ending: Ending }
  | { readonly type: "at"; readonly rawNs: bigint }
  | { readonly type: "open" };

/**
 * The stop rule. With n servers asked, and a of them in the largest set that agrees:
 *
 * - a > n/2: over at once.
 * - a = n/2, and a is at least 3: over after two median round trips without another answer.
 * - a is a majority of those that answered: over when the silent ones have had their time.
 *
 * The first two apply only if the answer is firm (see combine); otherwise one more answer, or that time, is
 * awaited.
 */
export function stopOf(count: Count, moments: Moments, options: StopOptions): Stop {
  const { asked, votes, pending, isSampling } = count;
  if (isSampling) return { type: "open" };
  const agreement = largestAgreement(votes);
  const support = agreement?.support ?? 0;
  const isEnough = agreement !== null && support >= options.minServers;
  const isFirm = isEnough && combine(agreement, { asked, answered: votes.length }).isFirm;
  if (isFirm && support * 2 > asked) return { type: "over", ending: "outnumbered" };
  if (pending === 0) {
    const isMajority = isEnough && support * 2 > asked;
    return { type: "over", ending: isMajority ? "outnumbered" : "exhausted" };
  }
  if (!isEnough || support * 2 <= votes.length) return { type: "open" };
  if (isFirm && support * 2 === asked && support >= 3) {
    return { type: "at", rawNs: moments.lastAnswerRawNs + 2n * moments.medianDelayNs };
  }
  if (options.isThorough && support * 2 < asked) return { type: "open" };
  return { type: "at", rawNs: moments.silentUntilRawNs };
}
