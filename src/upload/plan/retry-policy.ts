import { type BackoffPolicy, backoffMs } from "../../lib/backoff.ts";
import type { Transient, UploadOutcome } from "../tanova/types.ts";
import type { Doubt } from "./in-doubt.ts";
import type { Because } from "./work.ts";

/** The next step after an upload's outcome. */
export type NextStep =
  | { readonly type: "uploaded" }
  /** The server says that it already has the content. */
  | { readonly type: "said-to-be-there" }
  /** Certainly not stored: send it again after a while. */
  | { readonly type: "retry"; readonly delayMs: number }
  /** The destination is overloaded, and no content is the cause: send it again once others may be sent. */
  | { readonly type: "press" }
  /** Nothing sent there arrives at the moment: wait as for an outage. */
  | { readonly type: "away"; readonly because: Because }
  /** The server may have it: ask. */
  | { readonly type: "look"; readonly why: Doubt }
  /** Failed in this run, pending again in the next. */
  | { readonly type: "failed"; readonly because: Because }
  /** Not retried until the user asks for it. */
  | { readonly type: "refused"; readonly because: Because }
  /** Either the key or this content is refused: the health check shows which. */
  | { readonly type: "forbidden"; readonly because: Because }
  | { readonly type: "stop"; readonly status: 401; readonly reason: string }
  | { readonly type: "unreadable"; readonly reason: string }
  /** The file has changed since it was hashed. */
  | { readonly type: "changed"; readonly reason: string };

export interface RetryPolicy {
  /** Uploads beyond the first. */
  readonly retries: number;
  readonly backoff: BackoffPolicy;
  readonly ambiguousWaitMs: number;
  /** A server that asks for a longer pause than this is not waited for. */
  readonly outageWaitMs: number;
  readonly random: () => number;
}

/** 429 and 503 concern the destination: they slow down all uploads, and use up no content's retries. */
export function isPressed(status: number | null): boolean {
  return status === 429 || status === 503;
}

/** The next step after a transient failure; `attempts` is the number of uploads made so far. */
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
 * @param attempts how many uploads of the content this run has made, including this one.
 * @param isOwnFault whether the refusal because of load concerns this content alone.
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
