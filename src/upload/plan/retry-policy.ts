import { type BackoffPolicy, backoffMs } from "../../lib/backoff.ts";
import type { Transient, UploadOutcome } from "../tanova/types.ts";
import { type LookSpan, lookSpan } from "./in-doubt.ts";

/** What follows an answer, or the lack of one. */
export type NextStep =
  | { readonly type: "done"; readonly as: "uploaded" | "known" }
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
      return { type: "done", as: sent.isMaybeOurs ? "uploaded" : "known" };
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
