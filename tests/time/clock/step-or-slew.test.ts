import { expect, test } from "bun:test";
import { decideSetting, type SettingInput } from "../../../src/time/clock/step-or-slew.ts";

const S = 1_000_000_000n;
const FLOOR = 1_790_000_000n * S;

function decide(offsetNs: bigint, change: Partial<SettingInput> = {}): string {
  const setting = decideSetting({
    offsetNs,
    errorBoundNs: S / 100n,
    realNs: FLOOR + 10_000n * S,
    stepThresholdNs: S / 2n,
    maxStep: null,
    floorNs: FLOOR,
    ...change,
  });
  return setting.action === "refused" ? `refused: ${setting.reason}` : setting.action;
}

test("slew below the threshold, step from it on, refuse beyond the limit: in both directions", () => {
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

test("a clock is never set back to before the program was built", () => {
  expect(decide(-20_000n * S, { maxStep: 86_400_000 })).toStartWith("refused: that would set the clock back");
  expect(decide(-9_999n * S, { maxStep: 86_400_000 })).toBe("step");
});

test("the limit is 1000 s, unless it is set or the clock is older than the program", () => {
  const older = { realNs: FLOOR - 50_000_000n * S };
  expect(decide(1_001n * S)).toStartWith("refused: the clock is off by 1001.000 s, more than 1000 s");
  expect(decide(60_000_000n * S, older)).toBe("step");
  expect(decide(60_000_000n * S, { ...older, maxStep: 5_000 })).toStartWith("refused: the clock is off by");
});

test("if the time is not known to within the longest step, no clock is set, not even one older than the program", () => {
  const vague = { errorBoundNs: 1_001n * S };
  const refused = "refused: the time is not known to within 1000 s; allow it with --max-step";
  expect(decide(600n * S, vague)).toBe(refused);
  expect(decide(60_000_000n * S, { ...vague, realNs: 0n })).toBe(refused);
  expect(decide(600n * S, { ...vague, maxStep: 1_002_000 })).toBe("step");
});
