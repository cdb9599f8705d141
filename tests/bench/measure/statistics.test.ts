import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  improvement,
  median,
  medianInterval,
  quantile,
  summarise,
  thin,
} from "../../../src/bench/measure/statistics.ts";

const values = fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 });

test("the interval of a median matches the tables of order statistics", () => {
  const ranks = (count: number): readonly [number, number] => {
    const { low, high } = medianInterval(Array.from({ length: count }, (_, index) => index + 1));
    return [low, high];
  };
  // Conover, Practical Nonparametric Statistics: 95%, two-sided.
  expect([2, 5, 6, 8, 9, 12, 15, 20].map(ranks)).toEqual([
    [1, 2],
    [1, 5],
    [1, 6],
    [1, 8],
    [2, 8],
    [3, 10],
    [4, 12],
    [6, 15],
  ]);
  fc.assert(
    fc.property(values, (rounds) => {
      const { low, high } = medianInterval(rounds);
      expect(low <= median(rounds) && median(rounds) <= high).toBe(true);
    }),
  );
});

test("quantiles interpolate between neighbours", () => {
  expect([0, 0.25, 0.5, 0.99, 1].map((q) => quantile([1, 2, 3, 4, 5], q))).toEqual([1, 2, 3, 4.96, 5]);
  expect(quantile([7], 0.99)).toBe(7);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});

test("the worst hundredth is at the other end for a rate", () => {
  const hundred = Array.from({ length: 101 }, (_, index) => index);
  expect(summarise(hundred, false)).toEqual({ median: 50, p99: 99, low: 25, high: 75, samples: 101 });
  expect(summarise(hundred, true)).toEqual({ median: 50, p99: 1, low: 25, high: 75, samples: 101 });
});

test("a summary does not depend on the order of its samples, and is within their range", () => {
  fc.assert(
    fc.property(values, fc.boolean(), (samples, rate) => {
      const summary = summarise(samples, rate);
      expect(summarise(samples.toReversed(), rate)).toEqual(summary);
      const { low, median: middle, high } = summary;
      expect(Math.min(...samples) <= low && low <= middle && middle <= high).toBe(true);
      expect(high <= Math.max(...samples)).toBe(true);
    }),
  );
});

test("a thinned series keeps its order and its range", () => {
  expect(thin([1, 1, 5, 5, 9, 9], 3)).toEqual([1, 5, 9]);
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 40 }), (series, points) => {
      const thinned = thin(series, points);
      expect(thinned).toHaveLength(Math.min(points, series.length));
      expect(Math.min(...thinned)).toBeGreaterThanOrEqual(Math.min(...series));
      expect(Math.max(...thinned)).toBeLessThanOrEqual(Math.max(...series));
    }),
  );
});

test("an improvement is greater than 1 if the time decreased or the rate increased", () => {
  expect([improvement(10, 5, false), improvement(10, 5, true)]).toEqual([2, 0.5]);
  expect(median([3, 1, 2])).toBe(2);
});
