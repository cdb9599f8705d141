import { expect, test } from "bun:test";
import type { UploadOutcome } from "../../../src/upload/tanova/types.ts";
import { afterUpload, type NextStep, type RetryPolicy } from "../../../src/upload/plan/retry-policy.ts";

const POLICY: RetryPolicy = {
  retries: 3,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  ambiguousWaitMs: 60_000,
  random: () => 0.5,
};
const BUSY = { status: 429, reason: "slow down" };

function step(outcome: UploadOutcome, attempts = 1, isMaybeOurs = false): NextStep {
  return afterUpload(outcome, { attempts, isMaybeOurs, nowMs: 10_000 }, POLICY);
}

test("what follows each outcome", () => {
  const table: readonly (readonly [NextStep, NextStep])[] = [
    [step({ type: "stored", candidateId: null }), { type: "done", as: "uploaded" }],
    [step({ type: "duplicate" }), { type: "done", as: "known" }],
    // An upload of it got no answer before: what the server has is ours.
    [step({ type: "duplicate" }, 2, true), { type: "done", as: "uploaded" }],
    [step({ type: "transient", ...BUSY, retryAfterMs: 7_000 }), { type: "retry", delayMs: 7_000 }],
    [step({ type: "transient", ...BUSY, retryAfterMs: null }), { type: "retry", delayMs: 500 }],
    [step({ type: "transient", ...BUSY, retryAfterMs: null }, 3), { type: "retry", delayMs: 2_000 }],
    [
      step({ type: "transient", ...BUSY, retryAfterMs: 0 }, 4),
      { type: "failed", isPermanent: false, ...BUSY },
    ],
    [
      step({ type: "ambiguous", status: null, reason: "cut", retryAfterMs: null, mayStillRun: true }),
      { type: "look", span: { untilMs: 70_000, giveUpMs: 130_000 } },
    ],
    [
      step({ type: "ambiguous", status: 500, reason: "oops", retryAfterMs: null, mayStillRun: false }),
      { type: "look", span: { untilMs: 10_000, giveUpMs: 10_000 } },
    ],
    [
      step({ type: "permanent", status: 422, reason: "no text" }),
      { type: "failed", isPermanent: true, status: 422, reason: "no text" },
    ],
    [step({ type: "permanent", status: null, reason: "gone" }), { type: "unreadable", reason: "gone" }],
    [step({ type: "unauthorized", status: 403, reason: "no" }), { type: "stop", status: 403, reason: "no" }],
    [step({ type: "changed", reason: "cut" }), { type: "changed", reason: "cut" }],
  ];
  expect(table.map(([found]) => found)).toEqual(table.map(([, expected]) => expected));
});
