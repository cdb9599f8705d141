import type { CheckOutcome } from "../tanova/types.ts";

/** How long a content is looked for on the server before it is sent again (run clock). */
export interface LookSpan {
  /** "Not there" counts from here on: nothing that was sent can still be on its way. */
  readonly untilMs: number;
  /** Without any clear answer it is sent again from here on: a server that has it says so with 409. */
  readonly giveUpMs: number;
}

export type LookStep =
  | { readonly type: "done" }
  | { readonly type: "again"; readonly delayMs: number }
  /** It has been looked for long enough: certainly not stored. */
  | { readonly type: "absent" };

const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 5_000;

/** Looks for `waitMs`, and for `graceMs` more where the server gives no clear answer. */
export function lookSpan(nowMs: number, waitMs: number, graceMs: number): LookSpan {
  return { untilMs: nowMs + waitMs, giveUpMs: nowMs + waitMs + graceMs };
}

/** What follows the look number `looks` (from 1) for a content that may be on the server, at `nowMs`. */
export function afterLook(found: CheckOutcome, looks: number, nowMs: number, span: LookSpan): LookStep {
  if (found === "there") return { type: "done" };
  const endMs = found === "absent" ? span.untilMs : span.giveUpMs;
  if (nowMs >= endMs) return { type: "absent" };
  const pause = Math.min(LONGEST_LOOK_MS, FIRST_LOOK_MS * 2 ** (looks - 1));
  return { type: "again", delayMs: Math.min(pause, endMs - nowMs) };
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
