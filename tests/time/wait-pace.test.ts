import { expect, test } from "bun:test";
import { isKnownWithin, pauseMs } from "../../src/time/wait-pace.ts";

test("again after a second, then every two for the first minute, then at leisure", () => {
  expect([pauseMs(1, 10), pauseMs(2, 1_100), pauseMs(20, 59_999), pauseMs(21, 60_000)]).toEqual([
    1_000, 2_000, 2_000, 15_000,
  ]);
});

test("known well enough is known, with a bound as small as is asked for", () => {
  expect(isKnownWithin({ offsetNs: 5n, errorBoundNs: 100n }, 100n)).toBe(true);
  expect(isKnownWithin({ offsetNs: 5n, errorBoundNs: 101n }, 100n)).toBe(false);
  expect(isKnownWithin({ offsetNs: null, errorBoundNs: 1n }, 100n)).toBe(false);
  expect(isKnownWithin({ offsetNs: 5n, errorBoundNs: null }, 100n)).toBe(false);
});
