import { expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../../../src/lib/seeded-random.ts";
import type { HourlySeries } from "../../../../src/nodes/compare/judge/hourly-series.ts";
import type { Side } from "../../../../src/nodes/compare/judge/side.ts";
import type { Verdict } from "../../../../src/nodes/compare/judge/verdict.ts";
import { verdictsOf } from "../../../../src/nodes/compare/judge/verdicts.ts";
import type { MetricName } from "../../../../src/nodes/compare/registry.ts";

const OPTIONS = { pairs: false, minGap: 0.5, minLatencyGap: 5, unfair: new Set<MetricName>() };

/** A series of hours with 1,000 operations each that vary by `scatter` around `value`. */
function series(
  value: number,
  hours: number,
  scatter: number,
  seed: number,
  covers: (hour: number) => boolean = () => true,
): HourlySeries {
  const random = seededRandom(seed);
  const covered = Uint8Array.from({ length: hours }, (_, hour) => Number(covers(hour)));
  const weight = Float64Array.from(covered, (is) => is * 1_000);
  const raw = weight.map((count) => count * (random() - 0.5) * scatter);
  const sum = raw.reduce((all, pull) => all + pull, 0);
  const total = weight.reduce((all, count) => all + count, 0);
  const pull = raw.map((own, hour) => own - (sum * (weight[hour] ?? 0)) / total);
  return { value, weight, pull, covered, leastVariance: 1e-9 };
}

function side(name: string, values: Partial<Record<MetricName, HourlySeries>>): Side {
  return { name, series: new Map(Object.entries(values) as [MetricName, HourlySeries][]) };
}

function one(sides: readonly Side[], options: Partial<typeof OPTIONS> = {}): Verdict {
  const [verdict, ...more] = verdictsOf(sides, { ...OPTIONS, ...options });
  if (verdict === undefined || more.length > 0) throw new Error("expected one verdict");
  return verdict;
}

const WEEK = 168;

test("a real difference names the worse one, with its difference and interval", () => {
  const verdict = one([
    side("pi-1", { success_rate_download: series(0.99, WEEK, 0.02, 1) }),
    side("pi-2", { success_rate_download: series(0.96, WEEK, 0.02, 2) }),
  ]);
  expect(verdict).toMatchObject({
    type: "real_difference",
    better: "pi-1",
    worse: "pi-2",
    nodes: ["pi-1", "pi-2"],
    difference: expect.closeTo(-3, 9),
    significant: true,
    hours: WEEK,
    missing_hours: null,
  });
  expect(verdict.text).toMatch(
    /^pi-2 serves fewer of its downloads \(−3\.0 points, 95% interval −3\.\d to −2\.\d\)$/,
  );
});

test("a slower node is told in percent of the better one", () => {
  const verdict = one([
    side("pi-1", { avg_latency_p95: series(Math.log(200), WEEK, 0.1, 1) }),
    side("pi-2", { avg_latency_p95: series(Math.log(236), WEEK, 0.1, 2) }),
  ]);
  expect(verdict.difference).toBeCloseTo(18, 6);
  expect(verdict.text).toMatch(/^pi-2 is slower \(p95 \+18%, 95% interval \+1[67]% to \+(19|20)%\)$/);
});

test("a difference too small to matter is none, however sure", () => {
  const verdict = one([
    side("a", { success_rate_download: series(0.99, WEEK, 0.001, 1) }),
    side("b", { success_rate_download: series(0.986, WEEK, 0.001, 2) }),
  ]);
  expect(verdict).toMatchObject({
    type: "no_real_difference",
    better: null,
    worse: null,
    significant: false,
  });
  expect(verdict.interval?.[0]).toBeGreaterThan(0);
  expect(verdict.text).toStartWith(
    "download success, a against b: no real difference (+0.4 points, 95% interval ",
  );
});

test("under a day nothing is said but how much more is needed", () => {
  const verdict = one([
    side("a", { success_rate_download: series(0.99, 10, 0.001, 1) }),
    side("b", { success_rate_download: series(0.5, 10, 0.001, 2) }),
  ]);
  expect(verdict).toMatchObject({
    type: "too_early",
    interval: null,
    significant: false,
    hours: 10,
    missing_hours: 38,
    text: "download success, a against b: too early to tell (needs about 38 more hours)",
  });
});

test("only hours that both logs have are compared, and none in common give no verdict", () => {
  const first = side("a", { success_rate_download: series(0.99, WEEK, 0.02, 1, (hour) => hour < 100) });
  const second = side("b", { success_rate_download: series(0.96, WEEK, 0.02, 2, (hour) => hour >= 50) });
  const third = side("c", { success_rate_download: series(0.96, WEEK, 0.02, 2, (hour) => hour >= 100) });
  expect(one([first, second]).hours).toBe(50);
  expect(verdictsOf([first, third], OPTIONS)).toEqual([]);
});

test("a fleet's members stand against its median, as subject of the sentence whichever way", () => {
  const fleet = [0.95, 0.95, 0.95, 0.92, 0.98].map((value, index) =>
    side(`n${index}`, { success_rate_download: series(value, WEEK, 0.02, index + 1) }),
  );
  const said = verdictsOf(fleet, OPTIONS);
  expect(said.map(({ type }) => type)).toEqual([
    "no_real_difference",
    "no_real_difference",
    "no_real_difference",
    "real_difference",
    "real_difference",
  ]);
  expect(said[3]).toMatchObject({ worse: "n3", better: "fleet median", difference: expect.closeTo(-3, 6) });
  expect(said[4]).toMatchObject({ worse: "fleet median", better: "n4", difference: expect.closeTo(-3, 6) });
  expect(said[3]?.text).toMatch(/^n3 serves fewer of its downloads than the fleet's median \(−3\.0 points, /);
  expect(said[4]?.text).toMatch(/^n4 serves more of its downloads than the fleet's median \(\+3\.0 points, /);
  expect(verdictsOf(fleet, { ...OPTIONS, pairs: true })).toHaveLength(10);
});

test("rare failures make nobody worse than the median: ten nodes with one failure in a hundred audits", () => {
  const fleet = Array.from({ length: 10 }, (_, node) => {
    const weight = new Float64Array(WEEK).fill(1);
    const pull = new Float64Array(WEEK).fill(-0.01);
    pull[(node * 13) % WEEK] = 0.01 * (WEEK - 1);
    const covered = new Uint8Array(WEEK).fill(1);
    return side(`n${node}`, {
      success_rate_audit: { value: 0.99, weight, pull, covered, leastVariance: 0.0001 },
    });
  });
  expect(verdictsOf(fleet, OPTIONS).filter(({ significant }) => significant)).toEqual([]);
});

test("what is unfair is not judged", () => {
  const sides = [0.99, 0.5].map((value, index) =>
    side(`n${index}`, { success_rate_upload: series(value, WEEK, 0.02, index + 1) }),
  );
  expect(verdictsOf(sides, { ...OPTIONS, unfair: new Set(["success_rate_upload"]) })).toEqual([]);
});

test("a verdict and its interval never disagree, and the order of the two changes nothing but the sign", () => {
  const asked = fc.record({
    hours: fc.integer({ min: 3, max: 300 }),
    shares: fc.array(fc.double({ min: 0.9, max: 1, noNaN: true }), { minLength: 2, maxLength: 5 }),
    ratios: fc.array(fc.double({ min: 1, max: 1.3, noNaN: true }), { minLength: 5, maxLength: 5 }),
    scatter: fc.double({ min: 0.0001, max: 0.5, noNaN: true }),
    seed: fc.nat({ max: 1_000_000 }),
    pairs: fc.boolean(),
  });
  fc.assert(
    fc.property(asked, ({ hours, shares, ratios, scatter, seed, pairs }) => {
      const sides = shares.map((share, index) =>
        side(`n${index}`, {
          success_rate_download: series(share, hours, scatter, seed + index),
          avg_latency_p50: series(Math.log(100 * (ratios[index] ?? 1)), hours, scatter, seed + index + 100),
        }),
      );
      for (const verdict of verdictsOf(sides, { ...OPTIONS, pairs })) {
        const [low, high] = verdict.interval ?? [-Infinity, Infinity];
        const isLatency = verdict.metric === "avg_latency_p50";
        const gap = isLatency ? 5 : 0.5;
        const turned = isLatency ? (1 / (1 + verdict.difference / 100) - 1) * 100 : 0;
        const isLarge = Math.max(Math.abs(verdict.difference), Math.abs(turned)) >= gap;
        expect(verdict.significant).toBe((low > 0 || high < 0) && isLarge);
        expect(verdict.significant).toBe(verdict.type === "real_difference");
        expect(verdict.missing_hours === null).toBe(verdict.type !== "too_early");
        expect(low).toBeLessThanOrEqual(verdict.difference);
        expect(high).toBeGreaterThanOrEqual(verdict.difference);
        if (verdict.significant) expect(verdict.difference > 0).toBe(isLatency);
      }
      const turnedRound = verdictsOf(sides.toReversed(), { ...OPTIONS, pairs });
      const key = ({ metric, worse, better, type }: Verdict): string =>
        `${metric} ${worse} ${better} ${type}`;
      expect(turnedRound.map(key).toSorted()).toEqual(
        verdictsOf(sides, { ...OPTIONS, pairs })
          .map(key)
          .toSorted(),
      );
    }),
    { numRuns: 60 },
  );
});
