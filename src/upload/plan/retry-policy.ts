import { type BackoffPolicy, backoffMs } from "../../lib/backoff.ts";
import type { Transient, UploadOutcome } from "../tanova/types.ts";
import type { Doubt } from "./in-doubt.ts";
import type { Because } from "./work.ts";

/** What follows an upload's outcome. */
export type NextStep =
  | { readonly type: "uploaded" }
  /** The server says that it has it. */
  | { readonly type: "said-to-be-there" }
  /** Certainly not stored: send it again after a while. */
  | { readonly type: "retry"; readonly delayMs: number }
  /** The destination is pressed, and no content is to blame: send it again once others may be sent. */
  | { readonly type: "press" }
  /** Nothing that is sent there gets anywhere now: wait as for an outage. */
  | { readonly type: "away"; readonly because: Because }
  /** The server may have it: ask. */
  | { readonly type: "look"; readonly why: Doubt }
  /** Failed in this run, pending again in the next. */
  | { readonly type: "failed"; readonly because: Because }
  /** Not tried again before it is asked for. */
  | { readonly type: "refused"; readonly because: Because }
  /** The key is refused, or this content is: the health call tells. */
  | { readonly type: "forbidden"; readonly because: Because }
  | { readonly type: "stop"; readonly status: 401; readonly reason: string }
  | { readonly type: "unreadable"; readonly reason: string }
  /** The file is no longer what was hashed. */
  | { readonly type: "changed"; readonly reason: string };

export interface RetryPolicy {
  /** Uploads beyond the first. */
  readonly retries: number;
  readonly backoff: BackoffPolicy;
  readonly ambiguousWaitMs: number;
  /** A server that asks to be left alone for longer is not waited for. */
  readonly outageWaitMs: number;
  readonly random: () => number;
}

/** 429 and 503 are the destination's: they slow all uploads, and cost no content its retries. */
export function isPressed(status: number | null): boolean {
  return status === 429 || status === 503;
}

/** What follows a transient failure; `attempts` is how many uploads were made so far. */
export function afterTransient(
  outcome: Pick<Transient, "status" | "reason" | "retryAfterMs">,
  attempts: number,
  policy: RetryPolicy,
): Extract<NextStep, { type: "retry" | "failed" }> {
  const { status, reason, retryAfterMs } = outcome;
  const isTooLong = retryAfterMs !== null && retryAfterMs > policy.outageWaitMs;
  if (attempts > policy.retries || isTooLong) return { type: "failed", because: { status, reason } };
  return { type: "retry", delayMs: retryAfterMs ?? backoffMs(policy.backoff, attempts - 1, policy.random) };
}

/**
 * @param attempts how many uploads of the content this run has made, this one included.
 * @param isOwnFault a refusal for load that is the content's: it alone meets it.
 */
export function afterUpload(
  outcome: UploadOutcome,
  { attempts, isOwnFault }: { readonly attempts: number; readonly isOwnFault: boolean },
  policy: RetryPolicy,
): NextStep {
  switch (outcome.type) {
    case "stored":
      return { type: "uploaded" };
    case "duplicate":
      return { type: "said-to-be-there" };
    case "transient":
      if (isPressed(outcome.status) && !isOwnFault) return { type: "press" };
      return afterTransient(outcome, attempts, policy);
    case "ambiguous":
      return { type: "look", why: outcome.isUnrecognised ? "unrecognised" : "lost" };
    case "misplaced":
      return { type: "away", because: outcome };
    case "permanent":
      if (outcome.status === null) return { type: "unreadable", reason: outcome.reason };
      return { type: "refused", because: outcome };
    case "unauthorized":
      if (outcome.status === 403) return { type: "forbidden", because: outcome };
      return { type: "stop", status: outcome.status, reason: outcome.reason };
    case "changed":
      return { type: "changed", reason: outcome.reason };
  }
}
