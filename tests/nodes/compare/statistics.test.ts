import { expect, test } from "bun:test";
import { seededRandom } from "../../../src/lib/seeded-random.ts";
import {
  designEffect,
  differenceInterval,
  differenceP,
  effectiveProportion,
  estimateOf,
  holm,
  median,
  normalCdf,
  wilson,
} from "../../../src/nodes/compare/statistics.ts";

function rounded(interval: readonly [number, number]): number[] {
  return interval.map((end) => Number(end.toFixed(4)));
}

test("Wilson's interval is as published (Newcombe 1998, 81 of 263 and 0 of 20)", () => {
  expect(rounded(wilson({ successes: 81, trials: 263 }))).toEqual([0.2553, 0.3662]);
  expect(rounded(wilson({ successes: 0, trials: 20 }))).toEqual([0, 0.1611]);
});

test("the interval of a difference is as published (Newcombe 1998, method 10)", () => {
  const of = (a: number, n: number, b: number, m: number): number[] =>
    rounded(
      differenceInterval(estimateOf({ successes: a, trials: n }), estimateOf({ successes: b, trials: m })),
    );
  expect(of(56, 70, 48, 80)).toEqual([0.0524, 0.3339]);
  expect(of(9, 10, 3, 10)).toEqual([0.1705, 0.809]);
  expect(of(10, 10, 0, 10)).toEqual([0.6075, 1]);
});

test("the p-value and the 95% interval agree on what is significant", () => {
  for (let successes = 400; successes <= 500; successes += 5) {
    const a = estimateOf({ successes, trials: 500 });
    const b = estimateOf({ successes: 450, trials: 500 });
    const [low, high] = differenceInterval(a, b);
    expect(differenceP(a, b) < 0.05).toBe(low > 0 || high < 0);
  }
  expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 6);
});

test("Holm's adjustment is stepwise and never falls", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(holm([])).toEqual([]);
});

test("equal nodes with uneven hours are called different in about 5% of cases, not 30%", () => {
  const random = seededRandom(1);
  const node = (): { successes: number; trials: number }[] =>
    Array.from({ length: 168 }, () => {
      const share = 0.95 - 0.06 * random();
      const trials = 400;
      let successes = 0;
      for (let trial = 0; trial < trials; trial += 1) if (random() < share) successes += 1;
      return { successes, trials };
    });
  let called = 0;
  let naive = 0;
  const cases = 150;
  for (let index = 0; index < cases; index += 1) {
    const [a, b] = [node(), node()];
    const excludes = ([low, high]: readonly [number, number]): boolean => low > 0 || high < 0;
    const sum = (hours: typeof a): { successes: number; trials: number } => ({
      successes: hours.reduce((all, hour) => all + hour.successes, 0),
      trials: hours.reduce((all, hour) => all + hour.trials, 0),
    });
    if (excludes(differenceInterval(estimateOf(effectiveProportion(a)), estimateOf(effectiveProportion(b)))))
      called += 1;
    if (excludes(differenceInterval(estimateOf(sum(a)), estimateOf(sum(b))))) naive += 1;
  }
  expect(called / cases).toBeLessThanOrEqual(0.1);
  expect(naive / cases).toBeGreaterThan(0.12);
});

test("alike hours have no design effect, and one hour tells of none", () => {
  expect(designEffect([{ successes: 9, trials: 10 }])).toBe(1);
  expect(
    designEffect([
      { successes: 90, trials: 100 },
      { successes: 90, trials: 100 },
    ]),
  ).toBe(1);
  expect(
    designEffect([
      { successes: 100, trials: 100 },
      { successes: 60, trials: 100 },
    ]),
  ).toBeGreaterThan(10);
});

test("the median is the middle value, or the mean of the two", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
});
