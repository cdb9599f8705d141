import { expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../../../src/lib/seeded-random.ts";
import {
  cosineTransform,
  meanFrequencies,
  meanSpread as spreadOf,
  memoryFrequencies,
} from "../../../../src/nodes/compare/judge/persistence.ts";

function meanSpread(series: Float64Array, leastVariance: number): ReturnType<typeof spreadOf> {
  const cosines = cosineTransform(series, meanFrequencies(series.length));
  return spreadOf(cosines, series.length, leastVariance);
}

function blockHours(series: Float64Array): number {
  const cosines = cosineTransform(series, memoryFrequencies(series.length));
  return spreadOf(cosines, series.length, 0).blockHours;
}

test("a transform is the product with a cosine of each frequency, for even and odd numbers of hours", () => {
  for (const hours of [24, 25, 200]) {
    const values = hourly(hours, 0.3, hours);
    const transforms = cosineTransform(values, memoryFrequencies(hours));
    expect(transforms.length).toBe(Math.min(hours - 1, 128));
    for (const k of [0, 1, 2, 22]) {
      const expected = values.reduce(
        (sum, value, hour) => sum + value * Math.cos((Math.PI * (k + 1) * (hour + 0.5)) / hours),
        0,
      );
      expect(transforms[k]).toBeCloseTo(expected * Math.sqrt(2 / hours), 9);
    }
  }
});

/** Hours around 0, each as much like the one before as `correlation` says; standard deviation 1. */
function hourly(hours: number, correlation: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const values = new Float64Array(hours);
  let level = normal();
  for (let hour = 0; hour < hours; hour += 1) {
    values[hour] = level;
    level = correlation * level + Math.sqrt(1 - correlation ** 2) * normal();
  }
  return values;
}

test("independent hours: a month's mean is about as sure as the textbook says, and a block is few hours", () => {
  const spread = meanSpread(hourly(720, 0, 1), 0);
  const textbook = 1.96 / Math.sqrt(720);
  expect(spread.distance(0.05) / textbook).toBeGreaterThan(0.85);
  expect(spread.distance(0.05) / textbook).toBeLessThan(1.6);
  expect(spread.blockHours).toBeLessThan(8);
});

test("hours that hang together make the mean less sure, and blocks long", () => {
  const told = [0, 0.5, 0.8, 0.95].map((correlation) => hourly(720, correlation, 3));
  const reaches = told.map((series) => meanSpread(series, 0).distance(0.05));
  const blocks = told.map(blockHours);
  expect(reaches).toEqual(reaches.toSorted((a, b) => a - b));
  expect(blocks).toEqual(blocks.toSorted((a, b) => a - b));
  expect(blocks[2]).toBeGreaterThan(20);
  expect(blocks[2]).toBeLessThan(60);
});

test("a persistent part that is half hidden in noise is found in a month", () => {
  const slow = hourly(720, 0.95, 5);
  const noise = hourly(720, 0, 6);
  const mixed = slow.map((value, hour) => value + (noise[hour] ?? 0));
  expect(meanSpread(mixed, 0).distance(0.05)).toBeGreaterThan(3 * meanSpread(noise, 0).distance(0.05));
});

test("tail and distance are each other's inverse, and fall", () => {
  const series = fc.record({
    hours: fc.integer({ min: 24, max: 200 }),
    correlation: fc.double({ min: 0, max: 0.99, noNaN: true }),
    seed: fc.nat(),
    level: fc.double({ min: 1e-4, max: 0.5, noNaN: true }),
  });
  fc.assert(
    fc.property(series, ({ hours, correlation, seed, level }) => {
      const spread = meanSpread(hourly(hours, correlation, seed), 0);
      const distance = spread.distance(level);
      expect(spread.tail(distance) / level).toBeCloseTo(1, 3);
      expect(spread.tail(0)).toBeCloseTo(1, 4);
      expect(spread.distance(level / 2)).toBeGreaterThan(distance);
    }),
    { numRuns: 60 },
  );
});

test("scale does not matter: ten times the hours' deviations are ten times the distance", () => {
  const values = hourly(168, 0.5, 9);
  const once = meanSpread(values, 0);
  const tenfold = meanSpread(
    values.map((value) => value * 10),
    0,
  );
  expect(tenfold.distance(0.05) / once.distance(0.05)).toBeCloseTo(10, 4);
  expect(tenfold.blockHours).toBeCloseTo(once.blockHours, 9);
});

test("hours that do not vary at all leave what chance makes of their operations", () => {
  const flat = new Float64Array(100);
  expect(meanSpread(flat, 0).distance(0.05)).toBe(0);
  expect(meanSpread(flat, 0).tail(0.001)).toBe(0);
  const least = meanSpread(flat, 0.01 ** 2);
  expect(least.distance(0.05)).toBeGreaterThan(0.0195);
  expect(least.distance(0.05)).toBeLessThan(0.0205);
});

test("a mean that is 0 is taken for another in a twentieth of cases at most, however alike neighbouring hours are", () => {
  // Seeded: the same cases each time. bench/verdicts.ts has whole comparisons, and more of them.
  const cases = 400;
  for (const correlation of [0, 0.5, 0.8, 0.95]) {
    for (const hidden of [0, 1]) {
      let passed = 0;
      for (let run = 0; run < cases; run += 1) {
        const slow = hourly(168, correlation, run * 2 + 1);
        const noise = hourly(168, 0, run * 2 + 100_000);
        const series = slow.map((value, hour) => value + hidden * (noise[hour] ?? 0));
        const mean = series.reduce((sum, value) => sum + value, 0) / series.length;
        if (meanSpread(series, 0).tail(Math.abs(mean)) < 0.05) passed += 1;
      }
      expect({ correlation, hidden, few: passed <= cases * 0.07 }).toEqual({
        correlation,
        hidden,
        few: true,
      });
    }
  }
});
