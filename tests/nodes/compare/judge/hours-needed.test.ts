import { expect, test } from "bun:test";
import { seededRandom } from "../../../../src/lib/seeded-random.ts";
import { contrastPair } from "../../../../src/nodes/compare/judge/contrast.ts";
import type { HourlySeries } from "../../../../src/nodes/compare/judge/hourly-series.ts";
import { lastLook, missingHours } from "../../../../src/nodes/compare/judge/hours-needed.ts";
import { meanFrequencies, meanSpread } from "../../../../src/nodes/compare/judge/persistence.ts";

const TESTED = { level: 0.05 / 9, least: 0.005 };

/** Hours of a share that each are as much like the one before as `correlation` says. */
function nodeLevels(hours: number, correlation: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let level = normal();
  return Float64Array.from({ length: hours }, () => {
    const own = level;
    level = correlation * level + Math.sqrt(1 - correlation ** 2) * normal();
    return 0.95 + own * 0.02 + normal() * 0.006;
  });
}

function seriesOf(levels: Float64Array): HourlySeries {
  const value = levels.reduce((sum, level) => sum + level, 0) / levels.length;
  return {
    value,
    weight: new Float64Array(levels.length).fill(1_000),
    pull: levels.map((level) => (level - value) * 1_000),
    covered: new Uint8Array(levels.length).fill(1),
    leastVariance: 1e-9,
  };
}

/** What is missing after so many hours; 0 once the difference is significant too. */
function missingAfter(hours: number, a: Float64Array, b: Float64Array): number {
  const contrast = contrastPair(seriesOf(a.subarray(0, hours)), seriesOf(b.subarray(0, hours)));
  if (contrast === null) throw new Error("expected a contrast");
  const cosines = contrast.cosinesOver(hours, meanFrequencies(hours));
  const spread = cosines === null ? null : meanSpread(cosines, hours, contrast.leastVariance);
  if (spread !== null && spread.tail(Math.abs(contrast.difference)) < TESTED.level) return 0;
  return missingHours(contrast, spread, TESTED);
}

test("a look is the last of the ladder that the hours reach", () => {
  expect([24, 71, 72, 167, 168, 671, 672, 5_000].map(lastLook)).toEqual([
    24, 24, 72, 72, 168, 168, 672, 2_688,
  ]);
});

test("under a day two days are the goal", () => {
  const [a, b] = [nodeLevels(10, 0, 1), nodeLevels(10, 0, 2)];
  expect(missingAfter(10, a, b)).toBe(38);
});

test("independent hours need no more after a week", () => {
  const [a, b] = [nodeLevels(168, 0, 3), nodeLevels(168, 0, 4)];
  expect(missingAfter(168, a, b)).toBe(0);
});

test("what is said to be missing after a week comes true within a factor of two in 80% of cases", () => {
  // Seeded: the same cases each time. bench/verdicts.ts has whole comparisons, and more of them.
  let asked = 0;
  let right = 0;
  for (const correlation of [0.8, 0.9, 0.95]) {
    for (let run = 0; run < 30; run += 1) {
      const [a, b] = [nodeLevels(2_016, correlation, run * 2), nodeLevels(2_016, correlation, run * 2 + 1)];
      const named = missingAfter(168, a, b);
      if (named === 0) continue;
      asked += 1;
      let more = Math.max(1, Math.floor(named / 4));
      while (168 + more < 2_016 && missingAfter(168 + more, a, b) > 0) more = Math.ceil(more * 1.15);
      if (named / more >= 0.5 && named / more <= 2) right += 1;
    }
  }
  expect(asked).toBeGreaterThan(60);
  expect(right / asked).toBeGreaterThanOrEqual(0.8);
});

test("a difference that is likely to show soon needs fewer hours than to say that there is none", () => {
  const [a, b] = [nodeLevels(168, 0.95, 11), nodeLevels(168, 0.95, 12)];
  const alike = missingAfter(168, a, b);
  const apart = missingAfter(
    168,
    a,
    b.map((level) => level - 0.05),
  );
  expect(alike).toBeGreaterThan(apart);
  expect(apart).toBeGreaterThan(0);
});
