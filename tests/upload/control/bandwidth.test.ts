import { expect, test } from "bun:test";
import fc from "fast-check";
import { emptyBucket, limitBandwidth, reserve } from "../../../src/upload/control/bandwidth.ts";
import { NEVER } from "../../support/upload/tanova.ts";

const steps = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 16_384 }), pauseMs: fc.nat({ max: 2_000 }) }),
  {
    minLength: 1,
  },
);

test("over any span no more is granted than the rate, the burst and one grant allow", () => {
  fc.assert(
    fc.property(fc.integer({ min: 512, max: 10_000_000 }), steps, (rate, asked) => {
      let bucket = emptyBucket(rate);
      let nowMs = 0;
      const grants: { atMs: number; bytes: number }[] = [];
      for (const { bytes, pauseMs } of asked) {
        nowMs += pauseMs;
        const granted = reserve(bucket, bytes, nowMs);
        bucket = granted.bucket;
        grants.push({ atMs: nowMs + granted.waitMs, bytes });
      }
      for (const [first, { atMs: fromMs }] of grants.entries()) {
        let sum = 0;
        for (const { atMs, bytes } of grants.slice(first)) {
          sum += bytes;
          const allowed = (rate * (atMs - fromMs + bucket.burstMs)) / 1_000 + 16_384;
          expect(sum).toBeLessThanOrEqual(allowed * (1 + 1e-9));
        }
      }
    }),
  );
});

test("first come, first served; and a link in use is used to the full", () => {
  fc.assert(
    fc.property(fc.integer({ min: 512, max: 1_000_000 }), steps, (rate, asked) => {
      let bucket = emptyBucket(rate);
      let lastMs = 0;
      let total = 0;
      for (const { bytes } of asked) {
        const granted = reserve(bucket, bytes, 0);
        bucket = granted.bucket;
        expect(granted.waitMs).toBeGreaterThanOrEqual(lastMs);
        expect(granted.waitMs).toBeCloseTo(Math.max(0, (total / rate) * 1_000 - bucket.burstMs), 3);
        lastMs = granted.waitMs;
        total += bytes;
      }
    }),
  );
});

test("many that send at once share one limit in real time", async () => {
  const bandwidth = limitBandwidth(1_000_000);
  const start = performance.now();
  await Promise.all(Array.from({ length: 40 }, () => bandwidth.take(10_000, NEVER)));
  // 400 KB at 1 MB/s, less the burst of a quarter of a second.
  expect(performance.now() - start).toBeGreaterThan(130);
});

test("an abort ends the wait", async () => {
  const bandwidth = limitBandwidth(1);
  const controller = new AbortController();
  await bandwidth.take(1_000_000, controller.signal);
  const waiting = bandwidth.take(1, controller.signal);
  controller.abort();
  await waiting;
});
