import { expect, test } from "bun:test";
import type { UploadOutcome } from "../../src/upload/tanova/types.ts";
import {
  afterLook,
  afterUpload,
  type NextStep,
  remainingWaitMs,
  type RetryPolicy,
} from "../../src/upload/next-step.ts";

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
    [step({ type: "duplicate" }), { type: "done", as: "duplicate_remote" }],
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

test("a content is sent again only after a clear no at the end of the wait, or no answer for as long again", () => {
  const span = { untilMs: 60_000, giveUpMs: 120_000 };
  expect(afterLook("there", 1, 0, span)).toEqual({ type: "done" });
  expect(afterLook("absent", 1, 0, span)).toEqual({ type: "again", delayMs: 250 });
  expect(afterLook("absent", 9, 10_000, span)).toEqual({ type: "again", delayMs: 5_000 });
  expect(afterLook("absent", 9, 59_000, span)).toEqual({ type: "again", delayMs: 1_000 });
  expect(afterLook("absent", 9, 60_000, span)).toEqual({ type: "absent" });
  expect(afterLook("unknown", 9, 60_000, span)).toEqual({ type: "again", delayMs: 5_000 });
  expect(afterLook("unknown", 99, 120_000, span)).toEqual({ type: "absent" });
  expect(afterLook("there", 99, 500_000, span)).toEqual({ type: "done" });
});

test("what an earlier run left in flight is waited for no longer than the wait, whatever the clock did", () => {
  expect(remainingWaitMs(1_000, 1_000, 60_000)).toBe(60_000);
  expect(remainingWaitMs(1_000, 41_000, 60_000)).toBe(25_000);
  expect(remainingWaitMs(1_000, 99_000, 60_000)).toBe(0);
  expect(remainingWaitMs(9_000_000, 1_000, 60_000)).toBe(60_000);
});
