import { expect, test } from "bun:test";
import { checkOffset, isKnownWithin, pauseMs } from "../../src/time/certainty.ts";

const MS = 1_000_000n;

test("within and beyond are reported only if the bound leaves no doubt, in both directions", () => {
  const check = (offsetMs: bigint, boundMs: bigint): string =>
    checkOffset({ offsetNs: offsetMs * MS, errorBoundNs: boundMs * MS }, 100n * MS);
  for (const sign of [1n, -1n]) {
    expect(check(sign * 90n, 10n)).toBe("within");
    expect(check(sign * 90n, 11n)).toBe("unknown");
    expect(check(sign * 110n, 10n)).toBe("unknown");
    expect(check(sign * 111n, 10n)).toBe("beyond");
  }
  expect(check(0n, 101n)).toBe("unknown");
  expect(checkOffset({ offsetNs: null, errorBoundNs: null }, 100n * MS)).toBe("unknown");
  expect(checkOffset({ offsetNs: 0n, errorBoundNs: null }, 100n * MS)).toBe("unknown");
});

test("retries come after one second, then every two seconds for the first minute, then less often", () => {
  expect([pauseMs(1, 10), pauseMs(2, 1_100), pauseMs(20, 59_999), pauseMs(21, 60_000)]).toEqual([
    1_000, 2_000, 2_000, 15_000,
  ]);
});

test("the time is known well enough if the bound is as small as requested", () => {
  expect(isKnownWithin({ offsetNs: 5n, errorBoundNs: 100n }, 100n)).toBe(true);
  expect(isKnownWithin({ offsetNs: 5n, errorBoundNs: 101n }, 100n)).toBe(false);
  expect(isKnownWithin({ offsetNs: null, errorBoundNs: 1n }, 100n)).toBe(false);
  expect(isKnownWithin({ offsetNs: 5n, errorBoundNs: null }, 100n)).toBe(false);
});
