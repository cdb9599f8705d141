import { expect, test } from "bun:test";
import fc from "fast-check";
import { ALPHA, Sketch } from "../../../src/nodes/store/sketch.ts";
import { VarintReader, VarintWriter } from "../../../src/nodes/store/varint.ts";

const values = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 300 });

function sketchOf(items: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const item of items) sketch.add(item);
  return sketch;
}

test("every quantile is within the relative error of the exact one", () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (items, q) => {
      const exact = items.toSorted((a, b) => a - b)[Math.floor(q * (items.length - 1))] ?? Number.NaN;
      const found = sketchOf(items).quantile(q) ?? Number.NaN;
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * ALPHA + 1e-9);
    }),
  );
});

test("merging two sketches, in memory or stored, is the sketch of both", () => {
  fc.assert(
    fc.property(values, values, (left, right) => {
      const both = sketchOf([...left, ...right]);
      const merged = sketchOf(left);
      merged.merge(sketchOf(right));
      const writer = new VarintWriter();
      sketchOf(left).write(writer);
      sketchOf(right).write(writer);
      const reader = new VarintReader(writer.bytes());
      const stored = new Sketch();
      stored.mergeFrom(reader);
      stored.mergeFrom(reader);
      const sorted = (sketch: Sketch): unknown => [
        sketch.count,
        [...sketch.buckets].toSorted(([a], [b]) => a - b),
      ];
      expect(sorted(merged)).toEqual(sorted(both));
      expect(sorted(stored)).toEqual(sorted(both));
      expect(reader.done).toBe(true);
    }),
  );
});

test("an empty sketch has no quantile", () => {
  expect(new Sketch().quantile(0.5)).toBeNull();
});

test("varints read back as they were written", () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), (numbers) => {
      const writer = new VarintWriter();
      const small = numbers.map((number) => Math.trunc(number / 2));
      for (const number of small) writer.signed(number);
      const reader = new VarintReader(writer.bytes());
      expect(small.map(() => reader.signed())).toEqual(small.map((number) => number + 0));
      expect(reader.done).toBe(true);
    }),
  );
});
