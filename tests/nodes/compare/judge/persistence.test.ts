import { expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../../../src/lib/seeded-random.ts";
import { meanSpread } from "../../../../src/nodes/compare/judge/persistence.ts";

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
  const told = [0, 0.5, 0.8, 0.95].map((correlation) => meanSpread(hourly(720, correlation, 3), 0));
  const reaches = told.map((spread) => spread.distance(0.05));
  const blocks = told.map(({ blockHours }) => blockHours);
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
