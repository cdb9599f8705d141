import { combine } from "./combine.ts";
import { largestAgreement, type Vote } from "./select.ts";

/** Why a round is over. */
export type Ending =
  /** Those who agree outnumber all others, heard or not. */
  | "outnumbered"
  /** A majority of those who answered agree, and the others have had their time. */
  | "quiet"
  /** Nobody is left who could answer. */
  | "exhausted"
  | "deadline"
  | "interrupted";

/** What every server has, slow or fast: no strict minority that answers at once can end a round before. */
export const SILENT_NS = 1_000_000_000n;

/** Servers by what they have said so far; dead ones and names without an address count among those asked. */
export interface Count {
  readonly asked: number;
  readonly votes: readonly Vote[];
  /** Servers that have not answered, and still may. */
  readonly pending: number;
  /** Whether samples that were asked for are on their way. */
  readonly isSampling: boolean;
}

/** Moments of a round, all on the raw monotonic clock. */
export interface Moments {
  readonly lastAnswerRawNs: bigint;
  /** Median delay of the answers. */
  readonly medianDelayNs: bigint;
  /** When the silent ones have had a second, and twice what they took in earlier runs. */
  readonly silentUntilRawNs: bigint;
}

export interface StopOptions {
  /** How many servers must agree. */
  readonly minServers: number;
  /** The clock is to be set: what less than half of the servers say is not taken before the deadline. */
  readonly isThorough: boolean;
}

/** From when on a round may end though nothing more comes, or why it is over already; null: not before its deadline. */
export type Stop =
  | { readonly type: "over"; readonly ending: Ending }
  | { readonly type: "at"; readonly rawNs: bigint }
  | { readonly type: "open" };

/**
 * The stop rule. With n servers asked and a of them in the largest set that agrees:
 * a > n/2: over at once. a = n/2, at least 3: after two median round trips without another answer. Else when a is a
 * majority of those that answered and the silent ones have had their time. Both of the first hold only where the
 * answer is firm (see combine); else one more answer, or that time, is waited for.
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
