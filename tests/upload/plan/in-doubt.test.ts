import { expect, test } from "bun:test";
import { afterLook, remainingWaitMs } from "../../../src/upload/plan/in-doubt.ts";

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
  expect(remainingWaitMs(0, 60_000)).toBe(60_000);
  expect(remainingWaitMs(40_000, 60_000)).toBe(25_000);
  expect(remainingWaitMs(98_000, 60_000)).toBe(0);
  expect(remainingWaitMs(-8_999_000, 60_000)).toBe(60_000);
});
