import { expect, test } from "bun:test";
import fc from "fast-check";
import { Latency } from "../../../src/nodes/compare/latency.ts";
import { HourTable, sketchOf } from "../../../src/nodes/store/hour-table.ts";
import { createRollup, encodeSummary } from "../../../src/nodes/store/rollup.ts";
import { BUCKET_LIMIT } from "../../../src/nodes/store/sketch.ts";
import { addStoredSketch } from "../../../src/nodes/store/stored-sketch.ts";

const EVERY_BUCKET = Int32Array.from({ length: BUCKET_LIMIT }, (_, bucket) => bucket);

/** The latency of a node whose operations took these times, in a log of this resolution. */
function latencyOf(durationsMs: readonly number[], isCoarse = false): Latency {
  const { summary } = createRollup();
  for (const durationMs of durationsMs) summary.sketch.add(durationMs);
  summary.timed = durationsMs.length;
  summary.timedMs = durationsMs.reduce((sum, durationMs) => sum + durationMs, 0);
  summary.coarse = isCoarse ? durationsMs.length : 0;
  const stored = encodeSummary(summary);
  const counts = new Float64Array(BUCKET_LIMIT);
  addStoredSketch(sketchOf(stored), EVERY_BUCKET, counts, 0);
  return new Latency(new HourTable([{ startMs: 0, summary: stored }]), counts);
}

test("a distribution has all operations, in classes that follow one another, each below its edge", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1 }), (durationsMs) => {
      const classes = latencyOf(durationsMs).distribution() ?? [];
      const shares = classes.map(({ share_percent: share }) => share);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 6);
      expect([shares.at(0) === 0, shares.at(-1) === 0]).toEqual([false, false]);
      for (const [at, { below_ms: belowMs }] of classes.slice(1).entries())
        expect(belowMs / (classes[at]?.below_ms ?? 0)).toBeCloseTo(10 ** (1 / 8), 6);
      // A sketch knows a value to within 1%.
      const [least, most] = [Math.min(...durationsMs), Math.max(...durationsMs)];
      expect(classes.at(-1)?.below_ms ?? 0).toBeGreaterThan(most * 0.99);
      expect((classes[0]?.below_ms ?? 0) / 10 ** (1 / 8)).toBeLessThanOrEqual(Math.max(1, least * 1.01));
    }),
  );
});

test("whole seconds hide the distribution, and so does a log without durations", () => {
  expect(latencyOf([1_000, 2_000], true).distribution()).toBeNull();
  expect(latencyOf([]).distribution()).toBeNull();
});
