import { expect, test } from "bun:test";
import fc from "fast-check";
import { type DriftSample, fitDrift } from "../../../src/time/clock/drift.ts";

const OPTIONS = { leastSamples: 4, leastSpanNs: 60_000_000_000n };

/** Samples a minute apart, of a raw clock that loses `ppm`, each with its noise. */
function samples(ppm: number, noiseNs: readonly number[]): DriftSample[] {
  return noiseNs.map((noise, index) => ({
    rawNs: BigInt(index) * 60_000_000_000n,
    offsetRawNs: 1_790_000_000_000_000_000n + BigInt(Math.round(index * 60_000 * ppm + noise)),
    errorNs: 100_000n,
  }));
}

test("without noise, drift is found to one part in 10^9", () => {
  fc.assert(
    fc.property(fc.double({ min: -499, max: 499, noNaN: true }), (ppm) => {
      const drift = fitDrift(samples(ppm, [0, 0, 0, 0, 0, 0]), OPTIONS);
      expect(drift?.ppm).toBeCloseTo(ppm, 3);
    }),
  );
});

test("the 95 % interval contains the truth in 95 of 100 trials, and shrinks with more samples", () => {
  // A small generator, for the same noise on each run.
  let seed = 1;
  const next = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const normal = (): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  const trial = (count: number): ReturnType<typeof fitDrift> =>
    fitDrift(
      samples(
        12.5,
        Array.from({ length: count }, () => 20_000 * normal()),
      ),
      OPTIONS,
    );
  const holds = (drift: ReturnType<typeof fitDrift>): boolean =>
    drift !== null && drift.lowPpm < 12.5 && drift.highPpm > 12.5;
  for (const count of [5, 20, 100]) {
    const held = Array.from({ length: 1_000 }, () => trial(count)).filter(holds).length;
    expect(held).toBeWithin(930, 971);
  }
  const width = (drift: ReturnType<typeof fitDrift>): number => (drift?.highPpm ?? 0) - (drift?.lowPpm ?? 0);
  expect(width(trial(100))).toBeLessThan(width(trial(6)) / 10);
});

test("uncertain samples have little weight", () => {
  const [first, ...rest] = samples(3, [0, 0, 0, 0, 0, 0]);
  if (first === undefined) throw new Error("no samples");
  const wild = { ...first, offsetRawNs: first.offsetRawNs + 50_000_000n, errorNs: 1_000_000_000n };
  expect(fitDrift([wild, ...rest], OPTIONS)?.ppm).toBeCloseTo(3, 1);
});

test("runs won by a liar do no harm, whatever bound they claimed", () => {
  const good = samples(
    12.5,
    Array.from({ length: 20 }, (_, index) => ((index * 7) % 11) * 1_000),
  );
  for (const apartNs of [25_000_000n, 10n ** 18n, -(10n ** 12n)]) {
    const bad = [3, 9, 19].flatMap((index) => {
      const sample = good[index];
      return sample === undefined
        ? []
        : [{ ...sample, offsetRawNs: sample.offsetRawNs + apartNs, errorNs: 1n }];
    });
    const all = [...good, ...bad].toSorted((left, right) => Number(left.rawNs - right.rawNs));
    const drift = fitDrift(all, OPTIONS);
    expect(drift?.ppm).toBeCloseTo(12.5, 1);
    expect(drift?.samples).toBe(20);
  }
});

test("more than 500 ppm is not a clock's drift", () => {
  expect(fitDrift(samples(501, [0, 0, 0, 0, 0, 0]), OPTIONS)).toBeNull();
  expect(fitDrift(samples(-4_000, [0, 0, 0, 0, 0, 0]), OPTIONS)).toBeNull();
});

test("with too few samples, or over too short a time, drift is unknown", () => {
  expect(fitDrift([], OPTIONS)).toBeNull();
  expect(fitDrift(samples(3, [0, 0, 0]), OPTIONS)).toBeNull();
  const close = samples(3, [0, 0, 0, 0, 0]).map((sample) => ({ ...sample, rawNs: sample.rawNs / 1_000n }));
  expect(fitDrift(close, OPTIONS)).toBeNull();
});
