import { expect, test } from "bun:test";
import { afterLook, type Doubt, lookSpan, remainingWaitMs } from "../../../src/upload/plan/in-doubt.ts";
import type { CheckOutcome } from "../../../src/upload/tanova/types.ts";

const SILENT = { type: "unanswered", status: null, reason: "cut", retryAfterMs: null } as const;

/** What follows the last of `looks` looks, at a time, for a content that is looked for from 0 to 60 s, 120 s at most. */
function look(
  found: CheckOutcome,
  looks: number,
  nowMs: number,
  { why = "lost", unanswered = 0 }: { why?: Doubt; unanswered?: number } = {},
) {
  return afterLook(found, { why, span: lookSpan(0, 60_000, 60_000), looks, unanswered }, nowMs);
}

test("a content is looked for ever more seldom, and only a clear no at the end of the wait is one", () => {
  expect(look("there", 1, 0)).toEqual({ type: "there" });
  expect(look("absent", 1, 0)).toEqual({ type: "again", atMs: 250 });
  expect(look("absent", 9, 10_000)).toEqual({ type: "again", atMs: 15_000 });
  expect(look("absent", 9, 59_000)).toEqual({ type: "again", atMs: 60_000 });
  expect(look("absent", 9, 60_000)).toEqual({ type: "absent" });
  expect(look("there", 99, 500_000)).toEqual({ type: "there" });
});

test("no answer is never a no: it is asked again, when the server says, and given up after as long again", () => {
  expect(look(SILENT, 9, 60_000, { unanswered: 9 })).toEqual({ type: "again", atMs: 65_000 });
  const later = { ...SILENT, status: 503, retryAfterMs: 30_000 };
  expect(look(later, 1, 1_000, { unanswered: 1 })).toEqual({ type: "again", atMs: 31_000 });
  expect(look(SILENT, 9, 120_000, { unanswered: 2 })).toEqual({ type: "again", atMs: 125_000 });
  expect(look(SILENT, 9, 125_000, { unanswered: 3 })).toEqual({ type: "silent" });
});

test("where it cannot be asked the wait is waited, but a 409 is taken at its word", () => {
  expect(look("not-offered", 1, 100)).toEqual({ type: "again", atMs: 60_000 });
  expect(look("not-offered", 2, 60_000)).toEqual({ type: "unaskable" });
  expect(look("not-offered", 1, 100, { why: "said-to-be-there" })).toEqual({ type: "unaskable" });
});

test("what an earlier run left in flight is waited for no longer than the wait, whatever the clock did", () => {
  expect(remainingWaitMs(0, 60_000)).toBe(60_000);
  expect(remainingWaitMs(40_000, 60_000)).toBe(25_000);
  expect(remainingWaitMs(98_000, 60_000)).toBe(0);
  expect(remainingWaitMs(-8_999_000, 60_000)).toBe(60_000);
});
