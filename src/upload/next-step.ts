import { type BackoffPolicy, backoffMs } from "../lib/backoff.ts";
import type { CheckOutcome, Transient, UploadOutcome } from "./tanova/types.ts";

/** How long a content is looked for on the server before it is sent again (run clock). */
export interface LookSpan {
  /** "Not there" counts from here on: nothing that was sent can still be on its way. */
  readonly untilMs: number;
  /** Without any clear answer it is sent again from here on: a server that has it says so with 409. */
  readonly giveUpMs: number;
}

/** What follows an answer, or the lack of one. */
export type NextStep =
  | { readonly type: "done"; readonly as: "uploaded" | "duplicate_remote" }
  /** Certainly not stored: send it again after a while. */
  | { readonly type: "retry"; readonly delayMs: number }
  /** The server may have it: ask. */
  | { readonly type: "look"; readonly span: LookSpan }
  /** `isPermanent`: not tried again before it is asked for; else pending again in the next run. */
  | {
      readonly type: "failed";
      readonly isPermanent: boolean;
      readonly status: number | null;
      readonly reason: string;
    }
  | { readonly type: "stop"; readonly status: 401 | 403; readonly reason: string }
  | { readonly type: "unreadable"; readonly reason: string }
  /** The file is no longer what was hashed. */
  | { readonly type: "changed"; readonly reason: string };

export interface RetryPolicy {
  /** Uploads beyond the first. */
  readonly retries: number;
  readonly backoff: BackoffPolicy;
  readonly ambiguousWaitMs: number;
  readonly random: () => number;
}

/** What follows a transient failure; `attempts` is how many uploads were made so far. */
export function afterTransient(
  outcome: Pick<Transient, "status" | "reason" | "retryAfterMs">,
  attempts: number,
  policy: RetryPolicy,
): Extract<NextStep, { type: "retry" | "failed" }> {
  if (attempts > policy.retries) {
    return { type: "failed", isPermanent: false, status: outcome.status, reason: outcome.reason };
  }
  const delayMs = outcome.retryAfterMs ?? backoffMs(policy.backoff, attempts - 1, policy.random);
  return { type: "retry", delayMs };
}

export interface Sent {
  /** How many uploads of the content this run has made. */
  readonly attempts: number;
  /** An earlier upload of it got no answer: what the server has may be ours. */
  readonly isMaybeOurs: boolean;
  /** The run's clock. */
  readonly nowMs: number;
}

/** What follows an upload's outcome. */
export function afterUpload(outcome: UploadOutcome, sent: Sent, policy: RetryPolicy): NextStep {
  switch (outcome.type) {
    case "stored":
      return { type: "done", as: "uploaded" };
    case "duplicate":
      return { type: "done", as: sent.isMaybeOurs ? "uploaded" : "duplicate_remote" };
    case "transient":
      return afterTransient(outcome, sent.attempts, policy);
    case "ambiguous": {
      const waitMs = outcome.mayStillRun ? policy.ambiguousWaitMs : 0;
      return { type: "look", span: lookSpan(sent.nowMs, waitMs, waitMs) };
    }
    case "permanent":
      if (outcome.status === null) return { type: "unreadable", reason: outcome.reason };
      return { type: "failed", isPermanent: true, status: outcome.status, reason: outcome.reason };
    case "unauthorized":
      return { type: "stop", status: outcome.status, reason: outcome.reason };
    case "changed":
      return { type: "changed", reason: outcome.reason };
  }
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
 * How long an upload that an earlier run left in flight is waited for; it was on its way until RENEW_MS after
 * `sentAtMs` at most. A clock that was set back never lengthens it beyond the wait.
 */
export function remainingWaitMs(sentAtMs: number, nowMs: number, ambiguousWaitMs: number): number {
  return Math.max(0, Math.min(ambiguousWaitMs, sentAtMs + RENEW_MS + ambiguousWaitMs - nowMs));
}
