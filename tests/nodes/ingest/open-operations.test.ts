import { expect, test } from "bun:test";
import fc from "fast-check";
import { OpenOperations } from "../../../src/nodes/ingest/open-operations.ts";

const step = fc.record({
  isStart: fc.boolean(),
  key: fc.integer({ min: 0, max: 5 }),
  high: fc.integer({ min: 0, max: 1 }),
});

test("operations are paired first in first out under each key, also after being stored", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 300 }), (steps, storedAt) => {
      let open = new OpenOperations();
      const model = new Map<string, number[]>();
      steps.forEach(({ isStart, key, high }, time) => {
        if (time === storedAt) open = OpenOperations.deserialize(open.serialize());
        // Keys that fall into one chain of the table, told apart by their other bits.
        const keyLow = key * 1_024;
        const queue = model.get(`${key} ${high}`) ?? [];
        model.set(`${key} ${high}`, queue);
        if (isStart) {
          open.add({
            keyLow,
            keyHigh: high,
            piece: key,
            startMs: time,
            satellite: 1,
            action: 0,
            coarse: false,
          });
          queue.push(time);
          return;
        }
        const expected = queue.shift();
        expect(open.take(keyLow, high) ? open.takenStartMs : undefined).toBe(expected);
      });
      expect(open.size).toBe([...model.values()].reduce((sum, queue) => sum + queue.length, 0));
    }),
  );
});

test("a table that outgrows its memory keeps order, and the oldest are given up first", () => {
  const open = new OpenOperations();
  for (let index = 0; index < 5_000; index += 1) {
    open.add({
      keyLow: index % 7,
      keyHigh: 0,
      piece: index,
      startMs: index,
      satellite: 0,
      action: 0,
      coarse: false,
    });
  }
  const stale = open.takeStale(1_000, 3_000);
  expect(stale.map(({ startMs }) => startMs).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 2_000 }, (_, index) => index),
  );
  expect(open.take(0, 0) && open.takenStartMs).toBe(2_002);
});
