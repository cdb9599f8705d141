import { expect, test } from "bun:test";
import { decideSetting, maxStepNs, type SettingInput } from "../../../src/time/clock/step-or-slew.ts";

const S = 1_000_000_000n;
const FLOOR = 1_790_000_000n * S;

function decide(offsetNs: bigint, change: Partial<SettingInput> = {}): string {
  const setting = decideSetting({
    offsetNs,
    realNs: FLOOR + 10_000n * S,
    stepThresholdNs: S / 2n,
    maxStepNs: 1_000n * S,
    floorNs: FLOOR,
    ...change,
  });
  return setting.action === "refused" ? `refused: ${setting.reason}` : setting.action;
}

test("slew below the threshold, step from it on, refuse beyond the most: both ways alike", () => {
  for (const sign of [1n, -1n]) {
    expect([0n, 400n, 600n, S / 2n - 1n, S / 2n, 1_000n * S].map((size) => decide(sign * size))).toEqual([
      "none",
      "none",
      "slew",
      "slew",
      "step",
      "step",
    ]);
    expect(decide(sign * (1_000n * S + 1n))).toStartWith("refused: the clock is off by");
  }
});

test("never back to before the program was built", () => {
  expect(decide(-20_000n * S, { maxStepNs: null })).toStartWith("refused: that would set the clock back");
  expect(decide(-9_999n * S, { maxStepNs: null })).toBe("step");
});

test("the most is 1000 s, unless told or the clock is older than the program", () => {
  expect(maxStepNs(null, FLOOR + 1n, FLOOR)).toBe(1_000n * S);
  expect(maxStepNs(null, FLOOR - 1n, FLOOR)).toBeNull();
  expect(maxStepNs(5_000, FLOOR - 1n, FLOOR)).toBe(5n * S);
});
