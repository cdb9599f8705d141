import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  addCells,
  addStoredCells,
  encodeCells,
  type SummedCells,
} from "../../../src/nodes/store/cell-sums.ts";
import { createEvents } from "../../../src/nodes/log/events.ts";
import { addEvent, createRollup, type Rollup } from "../../../src/nodes/store/rollup.ts";
import { BUCKET_LIMIT, Sketch } from "../../../src/nodes/store/sketch.ts";
import { addStoredSketch } from "../../../src/nodes/store/stored-sketch.ts";
import { VarintWriter } from "../../../src/nodes/store/varint.ts";

const values = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { maxLength: 300 });
const everyBucket = Int32Array.from({ length: BUCKET_LIMIT }, (_, bucket) => bucket);

function stored(items: readonly number[], copies: number): { sketch: Sketch; bytes: Uint8Array } {
  const sketch = new Sketch();
  for (const item of items) for (let copy = 0; copy < copies; copy += 1) sketch.add(item);
  const writer = new VarintWriter();
  sketch.write(writer);
  return { sketch, bytes: writer.bytes().slice() };
}

test("stored sketches add up in place to what the merged sketch holds", () => {
  fc.assert(
    fc.property(values, values, fc.integer({ min: 1, max: 300 }), (left, right, copies) => {
      const a = stored(left, 1);
      const b = stored(right, copies);
      const sums = new Float64Array(BUCKET_LIMIT);
      for (const { bytes } of [a, b]) addStoredSketch({ bytes, start: 0 }, everyBucket, sums, 0);
      a.sketch.merge(b.sketch);
      expect(sums).toEqual(
        Float64Array.from({ length: BUCKET_LIMIT }, (_, bucket) => a.sketch.buckets.get(bucket) ?? 0),
      );
    }),
  );
});

test("a stored sketch or cells cut short are refused, not read as less", () => {
  const { bytes } = stored([1, 20, 300], 200);
  const sums = new Float64Array(BUCKET_LIMIT);
  for (let length = 0; length < bytes.length; length += 1) {
    const cut = { bytes: bytes.slice(0, length), start: 0 };
    expect(() => addStoredSketch(cut, everyBucket, sums, 0)).toThrow("Cannot read past the end");
  }
  expect(() => addStoredCells(new Map(), Uint8Array.of(2, 1, 1, 1, 1, 1, 0, 7))).toThrow(
    "Cannot read past the end",
  );
});

function rollupOf(events: readonly { action: number; size: number; duration: number }[]): Rollup {
  const columns = createEvents(Math.max(1, events.length));
  const rollup = createRollup();
  for (const [row, { action, size, duration }] of events.entries()) {
    columns.satellite[row] = row % 5;
    columns.action[row] = action;
    columns.outcome[row] = row % 3;
    columns.sizeBytes[row] = size;
    columns.durationMs[row] = duration;
    columns.coarse[row] = row % 2;
    addEvent(rollup, columns, row);
  }
  return rollup;
}

/** Cells as stores of before hold them: number by number, and sketches behind them. */
function encodedBefore(cells: SummedCells): Uint8Array {
  const writer = new VarintWriter();
  writer.unsigned(cells.size);
  for (const [key, { count, bytes, timed, timedMs, coarse }] of cells)
    for (const number of [key, count, bytes, timed, timedMs, coarse]) writer.unsigned(number);
  const sketch = new Sketch();
  sketch.add(40);
  for (let cell = 0; cell < cells.size; cell += 1) sketch.write(writer);
  return writer.bytes().slice();
}

test("stored cells, of before too, add up to what the cells themselves do", () => {
  const event = fc.record({
    action: fc.integer({ min: 0, max: 4 }),
    size: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    duration: fc.integer({ min: -1, max: 10_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.array(event, { maxLength: 60 }), (left, right) => {
      const plain: SummedCells = new Map();
      const read: SummedCells = new Map();
      const before: SummedCells = new Map();
      for (const { cells } of [rollupOf(left), rollupOf(right)]) {
        addCells(plain, cells);
        addStoredCells(read, encodeCells(cells));
        addStoredCells(before, encodedBefore(cells));
      }
      const sorted = (cells: SummedCells): unknown => [...cells].toSorted(([a], [b]) => a - b);
      expect(sorted(read)).toEqual(sorted(plain));
      expect(sorted(before)).toEqual(sorted(plain));
    }),
  );
});
