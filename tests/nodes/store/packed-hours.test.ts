import { expect, test } from "bun:test";
import fc from "fast-check";
import { DAY_MS, HOUR_MS, KINDS } from "../../../src/nodes/log/vocabulary.ts";
import { HourTable, sketchOf } from "../../../src/nodes/store/hour-table.ts";
import { packHours, unpackHours } from "../../../src/nodes/store/packed-hours.ts";
import { addLine, createRollup, encodeSummary } from "../../../src/nodes/store/rollup.ts";
import { BUCKET_LIMIT } from "../../../src/nodes/store/sketch.ts";
import { addStoredSketch } from "../../../src/nodes/store/stored-sketch.ts";
import type { StoredHour } from "../../../src/nodes/store/summary-numbers.ts";

const DAY = Date.UTC(2026, 0, 2);

/** Milliseconds as nodes tell them: mostly within seconds, now and then hours. */
const durations = fc.array(fc.oneof(fc.nat(3_000), fc.nat(9_000_000)), { maxLength: 40 });

const day = fc
  .uniqueArray(fc.record({ hour: fc.nat(23), durations, good: fc.nat(100_000), lines: fc.nat(5) }), {
    selector: ({ hour }) => hour,
    minLength: 1,
    maxLength: 24,
  })
  .map((hours) =>
    hours
      .toSorted((a, b) => a.hour - b.hour)
      .map((told): StoredHour => {
        const startMs = DAY + told.hour * HOUR_MS;
        const { summary } = createRollup();
        for (const duration of told.durations) {
          summary.sketch.add(duration);
          summary.timed += 1;
          summary.timedMs += duration;
        }
        summary.counts[0] = told.good;
        for (let line = 0; line < told.lines; line += 1) addLine(summary, startMs + line, line % 4);
        return { startMs, summary: encodeSummary(summary) };
      }),
  );

/** All that a table tells. */
function told(table: HourTable, buckets: readonly number[]): unknown {
  return [
    table.startMs,
    ...KINDS.flatMap((_, kind) => [0, 1, 2].map((outcome) => table.counts(kind, outcome))),
    table.lines(),
    table.linesByLevel(),
    table.timed(),
    table.timedMs(),
    table.firstMs(),
    table.lastMs(),
    table.upTo(buckets),
  ].map((column) => Array.from(column));
}

test("packed hours tell the same as each hour by itself", () => {
  const buckets = fc.uniqueArray(fc.integer({ min: -1, max: BUCKET_LIMIT - 1 }), { maxLength: 6 });
  fc.assert(
    fc.property(day, buckets, (hours, some) => {
      const ordered = some.toSorted((a, b) => a - b);
      const packed = packHours(DAY, hours);
      const unpacked = packed === null ? null : unpackHours(DAY, packed);
      if (unpacked === null) throw new Error("expected packed hours");
      const before = { startMs: DAY - HOUR_MS, summary: encodeSummary(createRollup().summary) };
      expect(told(new HourTable([before, unpacked]), ordered)).toEqual(
        told(new HourTable([before, ...hours]), ordered),
      );
    }),
  );
});

test("upTo counts each hour's operations up to a bucket", () => {
  fc.assert(
    fc.property(day, fc.nat(BUCKET_LIMIT - 1), (hours, bucket) => {
      const expected = hours.map(({ summary }) => {
        const counts = new Float64Array(1 + BUCKET_LIMIT);
        const places = Int32Array.from({ length: BUCKET_LIMIT }, (_, own) => own);
        addStoredSketch(sketchOf(summary), places, counts, 0);
        return counts.subarray(0, bucket + 1).reduce((sum, count) => sum + count, 0);
      });
      expect(Array.from(new HourTable(hours).upTo([bucket]))).toEqual(expected);
    }),
  );
});

test("counts beyond two bytes are kept", () => {
  const { summary } = createRollup();
  for (let count = 0; count < 70_000; count += 1) summary.sketch.add(5);
  const hour = { startMs: DAY, summary: encodeSummary(summary) };
  const unpacked = unpackHours(DAY, packHours(DAY, [hour]) ?? new Uint8Array(0));
  if (unpacked === null) throw new Error("expected packed hours");
  expect(Array.from(new HourTable([unpacked]).upTo([BUCKET_LIMIT - 1]))).toEqual([70_000]);
});

test("hours whose durations lie too far apart stay unpacked", () => {
  const { summary } = createRollup();
  summary.sketch.add(0);
  summary.sketch.add(Number.MAX_SAFE_INTEGER);
  expect(packHours(DAY, [{ startMs: DAY, summary: encodeSummary(summary) }])).toBeNull();
  expect(packHours(DAY, [])).toBeNull();
});

test("bytes that are no packed hours are refused, whatever they are", () => {
  fc.assert(
    fc.property(day, fc.nat(40_000), (hours, cut) => {
      const packed = packHours(DAY, hours) ?? new Uint8Array(0);
      expect(unpackHours(DAY, packed.slice(0, cut % packed.length))).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect([null, 0]).toContain(unpackHours(DAY - DAY_MS, bytes)?.length ?? null);
    }),
  );
});
