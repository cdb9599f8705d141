import { expect, test } from "bun:test";
import { afterUpload, type NextStep, type RetryPolicy } from "../../../src/upload/plan/retry-policy.ts";
import type { UploadOutcome } from "../../../src/upload/tanova/types.ts";

const POLICY: RetryPolicy = {
  retries: 3,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  ambiguousWaitMs: 60_000,
  outageWaitMs: 300_000,
  random: () => 0.5,
};

function step(outcome: UploadOutcome, attempts = 1, isOwnFault = false): NextStep {
  return afterUpload(outcome, { attempts, isOwnFault }, POLICY);
}

function transient(status: number | null, retryAfterMs: number | null = null): UploadOutcome {
  return { type: "transient", status, reason: "no", retryAfterMs };
}

function ambiguous(status: number | null, isUnrecognised: boolean): UploadOutcome {
  return { type: "ambiguous", status, reason: "no", retryAfterMs: null, isUnrecognised };
}

test("what follows each outcome", () => {
  const failed = (status: number | null): NextStep => ({ type: "failed", because: { status, reason: "no" } });
  const table: readonly (readonly [NextStep, NextStep])[] = [
    [step({ type: "stored", candidateId: null }), { type: "uploaded" }],
    [step({ type: "duplicate" }), { type: "said-to-be-there" }],
    [step(transient(425)), { type: "retry", delayMs: 500 }],
    // Too early (RFC 8470): obeyed for as long as an outage is waited for.
    [step(transient(425, 300_000)), { type: "retry", delayMs: 300_000 }],
    [step(transient(425, 300_001)), failed(425)],
    [step(transient(null), 3), { type: "retry", delayMs: 2_000 }],
    [step(transient(null), 4), failed(null)],
    // The destination's, however often; but for the one that alone meets it.
    [step(transient(429, 7_000), 99), { type: "press" }],
    [step(transient(503, 7_000)), { type: "press" }],
    [step(transient(503, 7_000), 1, true), { type: "retry", delayMs: 7_000 }],
    [step(transient(503, 7_000), 4, true), failed(503)],
    [step(ambiguous(null, false)), { type: "look", why: "lost" }],
    [step(ambiguous(504, false), 99), { type: "look", why: "lost" }],
    [step(ambiguous(200, true)), { type: "look", why: "unrecognised" }],
  ];
  expect(table.map(([found]) => found)).toEqual(table.map(([, expected]) => expected));
  const because = { type: "permanent", status: 422, reason: "no text" } as const;
  expect(step(because)).toEqual({ type: "refused", because });
  expect(step({ type: "permanent", status: null, reason: "gone" })).toEqual({
    type: "unreadable",
    reason: "gone",
  });
  expect(step({ type: "unauthorized", status: 401, reason: "no" })).toEqual({
    type: "stop",
    status: 401,
    reason: "no",
  });
  expect(step({ type: "unauthorized", status: 403, reason: "no" })).toMatchObject({ type: "forbidden" });
  expect(step({ type: "misplaced", status: 404, reason: "no" })).toMatchObject({ type: "away" });
  expect(step({ type: "changed", reason: "cut" })).toEqual({ type: "changed", reason: "cut" });
});
