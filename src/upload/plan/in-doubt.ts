import type { CheckOutcome } from "../tanova/types.ts";

/** Why it is not known whether the server has a content. */
export type Doubt =
  /** An upload of it got no clear answer. */
  | "lost"
  /** An upload of it got a 2xx that is not from the API. */
  | "unrecognised"
  /** The server says that it has the content (409), but is not known to be right about that. */
  | "said-to-be-there";

/** How long to look for a content (run clock). */
export interface LookSpan {
  /** From here on "not there" counts: nothing that was sent can still be in transit. */
  readonly untilMs: number;
  /** From here on, without any answer, the content is given up and stays in doubt. */
  readonly giveUpMs: number;
}

/** The state of looking for a content. */
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
  /** Not there at the end of the wait: certainly not stored. */
  | { readonly type: "absent" }
  /** The server cannot be asked, and the wait is over. */
  | { readonly type: "unaskable" }
  /** The server has not answered for too long. */
  | { readonly type: "silent" };

const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 5_000;
/** A content is given up only after this many unanswered checks in a row. */
const LEAST_UNANSWERED = 3;

/** Looks for `waitMs`, and for another `graceMs` if the server does not answer. */
export function lookSpan(nowMs: number, waitMs: number, graceMs: number): LookSpan {
  return { untilMs: nowMs + waitMs, giveUpMs: nowMs + waitMs + graceMs };
}

/** The next step after a look; `looks` and `unanswered` include it. Only a clear no at the end of the wait counts. */
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

/** How often the recorded time of an upload in flight is renewed: after a kill it is at most this much out of date. */
export const RENEW_MS = 5_000;

/**
 * How long to wait for an upload that an earlier run left in flight, `sentAgoMs` after its row was last written; it was
 * in flight until RENEW_MS after that at most. A clock that was set back never makes this longer than the full wait.
 */
export function remainingWaitMs(sentAgoMs: number, ambiguousWaitMs: number): number {
  return Math.max(0, Math.min(ambiguousWaitMs, RENEW_MS + ambiguousWaitMs - sentAgoMs));
}
