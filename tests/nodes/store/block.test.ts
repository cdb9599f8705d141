import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeBlock, encodeBlock } from "../../../src/nodes/store/block.ts";
import { createEvents, NO_DURATION } from "../../../src/nodes/log/events.ts";

const event = fc.record({
  timeMs: fc.integer({ min: 0, max: 4e12 }),
  durationMs: fc.oneof(fc.constant(NO_DURATION), fc.integer({ min: -90_000_000, max: 90_000_000 })),
  sizeBytes: fc.oneof(
    fc.constant(-1),
    fc.integer({ min: 0, max: 2 ** 40 }),
    fc.integer({ min: 0, max: 9_062 }).map((n) => n * 256),
  ),
  satellite: fc.integer({ min: 0, max: 65_535 }),
  action: fc.integer({ min: 0, max: 7 }),
  outcome: fc.integer({ min: 0, max: 3 }),
  coarse: fc.integer({ min: 0, max: 1 }),
  keyLow: fc.integer({ min: 0, max: 0xffffffff }),
  keyHigh: fc.integer({ min: 0, max: 0xffff }),
});

test("events come back from a block as they went in", () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), fc.boolean(), (items, wholeSeconds) => {
      const unit = wholeSeconds ? 1_000 : 1;
      const events = createEvents(items.length);
      items.forEach((item, row) => {
        events.timeMs[row] = item.timeMs * 1 - (item.timeMs % unit);
        events.durationMs[row] =
          item.durationMs === NO_DURATION ? NO_DURATION : Math.trunc(item.durationMs / unit) * unit + 0;
        events.sizeBytes[row] = item.sizeBytes;
        events.satellite[row] = item.satellite;
        events.action[row] = item.action;
        events.outcome[row] = item.outcome;
        events.coarse[row] = item.coarse;
        events.keyLow[row] = item.keyLow;
        events.keyHigh[row] = item.keyHigh;
      });
      events.count = items.length;
      expect(decodeBlock(encodeBlock(events, 0, items.length))).toEqual(events);
    }),
  );
});
