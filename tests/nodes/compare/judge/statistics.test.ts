import { expect, test } from "bun:test";
import fc from "fast-check";
import { holmLevels, median, wilson } from "../../../../src/nodes/compare/judge/statistics.ts";

function rounded(interval: readonly [number, number]): number[] {
  return interval.map((end) => Number(end.toFixed(4)));
}

test("Wilson's interval is as published (Newcombe 1998, 81 of 263 and 0 of 20)", () => {
  expect(rounded(wilson(81 / 263, 263, 1.959964))).toEqual([0.2553, 0.3662]);
  expect(rounded(wilson(0, 20, 1.959964))).toEqual([0, 0.1611]);
  expect(wilson(0.5, 0, 1.96)).toEqual([0, 1]);
});

test("Holm's steps: each rejected question at its own, the rest at the first that stands", () => {
  expect(holmLevels([0.01, 0.04, 0.03, 0.005], 0.05)).toEqual([0.05 / 3, 0.025, 0.025, 0.0125]);
  expect(holmLevels([], 0.05)).toEqual([]);
});

test("a question is rejected at its level exactly where Holm's adjusted p-value is", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (pValues) => {
      const levels = holmLevels(pValues, 0.05);
      const order = pValues
        .map((_, index) => index)
        .toSorted((a, b) => (pValues[a] ?? 1) - (pValues[b] ?? 1));
      let isRejecting = true;
      for (const [rank, index] of order.entries()) {
        isRejecting = isRejecting && (pValues[index] ?? 1) <= 0.05 / (pValues.length - rank);
        expect((pValues[index] ?? 1) <= (levels[index] ?? 0)).toBe(isRejecting);
      }
    }),
  );
});

test("the median is the middle value, or the mean of the two", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});
