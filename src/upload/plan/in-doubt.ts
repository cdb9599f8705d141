import type { CheckOutcome } from "../tanova/types.ts";

/** Why it is not known whether the server has a content. */
export type Doubt =
  /** An upload of it got no clear answer. */
  | "lost"
  /** An upload of it got a 2xx that is not the API's. */
  | "unrecognised"
  /** The server says that it has it (409), and is not known to say so truly. */
  | "said-to-be-there";

/** How long a content is looked for (run clock). */
export interface LookSpan {
  /** "Not there" counts from here on: nothing that was sent can still be on its way. */
  readonly untilMs: number;
  /** Without any answer it is given up from here on, and stays in doubt. */
  readonly giveUpMs: number;
}

/** How the looking stands. */
export interface Looking {
  readonly why: Doubt;
  readonly span: LookSpan;
  /** How often it was looked for, and how often in a row without an answer. */
  readonly looks: number;
  readonly unanswered: number;
}

export type LookStep =
  | { readonly type: "there" }
  | { readonly type: "again"; readonly atMs: number }
  /** It has been looked for long enough: certainly not stored. */
  | { readonly type: "absent" }
  /** It cannot be asked here, and the wait is over. */
  | { readonly type: "unaskable" }
  /** The server has given no answer for too long. */
  | { readonly type: "silent" };

const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 5_000;
/** Before it is given up it has gone unanswered so often in a row. */
const LEAST_UNANSWERED = 3;

/** Looks for `waitMs`, and for `graceMs` more where the server gives no answer. */
export function lookSpan(nowMs: number, waitMs: number, graceMs: number): LookSpan {
  return { untilMs: nowMs + waitMs, giveUpMs: nowMs + waitMs + graceMs };
}

/** What follows a look; `looks` and `unanswered` count it. Only a clear no at the end of the wait is one. */
export function afterLook(found: CheckOutcome, looking: Looking, nowMs: number): LookStep {
  const { why, span, looks, unanswered } = looking;
  const pauseMs = Math.min(LONGEST_LOOK_MS, FIRST_LOOK_MS * 2 ** (looks - 1));
  if (found === "there") return { type: "there" };
  if (found === "absent") {
    if (nowMs >= span.untilMs) return { type: "absent" };
    return { type: "again", atMs: Math.min(nowMs + pauseMs, span.untilMs) };
  }
  if (found === "not-offered") {
    const isOver = nowMs >= span.untilMs || why === "said-to-be-there";
    return isOver ? { type: "unaskable" } : { type: "again", atMs: span.untilMs };
  }
  if (nowMs >= span.giveUpMs && unanswered >= LEAST_UNANSWERED) return { type: "silent" };
  return { type: "again", atMs: nowMs + Math.max(pauseMs, found.retryAfterMs ?? 0) };
}

/** How often the time of an upload in flight is written anew: what a kill leaves behind is at most so stale. */
export const RENEW_MS = 5_000;

/**
 * How long an upload that an earlier run left in flight is waited for, `sentAgoMs` after its row was last written; it
 * was on its way until RENEW_MS after that at most. A clock that was set back never lengthens it beyond the wait.
 */
export function remainingWaitMs(sentAgoMs: number, ambiguousWaitMs: number): number {
  return Math.max(0, Math.min(ambiguousWaitMs, RENEW_MS + ambiguousWaitMs - sentAgoMs));
}
