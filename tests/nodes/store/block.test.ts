import { expect, test } from "bun:test";
import fc from "fast-check";
import { sealBlob } from "../../../src/db/sealed-blob.ts";
import { decodeBlock, encodeBlock, type StoredBlock } from "../../../src/nodes/store/block.ts";
import { VarintWriter } from "../../../src/nodes/store/varint.ts";
import { createEvents, type Events, NO_DURATION } from "../../../src/nodes/log/events.ts";

const event = fc.record({
  timeMs: fc.integer({ min: 0, max: 4e12 }),
  durationMs: fc.oneof(fc.constant(NO_DURATION), fc.integer({ min: -90_000_000, max: 90_000_000 })),
  sizeBytes: fc.oneof(
    fc.constant(-1),
    fc.integer({ min: 0, max: 2 ** 40 }),
    fc.integer({ min: 2 ** 50 - 2, max: Number.MAX_SAFE_INTEGER }),
    fc.integer({ min: 0, max: 9_062 }).map((n) => n * 256),
  ),
  satellite: fc.integer({ min: 0, max: 65_535 }),
  action: fc.integer({ min: 0, max: 7 }),
  outcome: fc.integer({ min: 0, max: 3 }),
  coarse: fc.integer({ min: 0, max: 1 }),
  key: fc.integer({ min: 0, max: 0xffffff }),
});

/** A block as stores of before hold it: varints, compressed together, and six bytes of key. */
function encodedBefore(events: Events): Pick<StoredBlock, "events" | "columns" | "keys"> {
  const writer = new VarintWriter();
  const rows = Array.from({ length: events.count }, (_, row) => row);
  const at = (column: ArrayLike<number>, row: number): number => column[row] ?? 0;
  writer.unsigned(1);
  for (const row of rows)
    writer.signed(at(events.timeMs, row) - (row === 0 ? 0 : at(events.timeMs, row - 1)));
  for (const row of rows) {
    const duration = at(events.durationMs, row);
    if (duration === NO_DURATION) writer.unsigned(0);
    else writer.unsigned((duration < 0 ? -duration * 2 - 1 : duration * 2) + 1);
  }
  for (const row of rows) {
    const size = at(events.sizeBytes, row);
    if (size >= 2 ** 50) {
      writer.unsigned(3);
      writer.unsigned(size);
    } else writer.unsigned(size >= 0 && size % 256 === 0 ? size / 128 : (size + 1) * 2 + 1);
  }
  for (const row of rows) writer.unsigned(at(events.satellite, row));
  for (const row of rows)
    writer.byte((at(events.action, row) << 3) | (at(events.outcome, row) << 1) | at(events.coarse, row));
  const keys = new Uint8Array(events.count * 6).fill(7);
  for (const row of rows) {
    const key = at(events.key, row);
    keys.set([key & 255, (key >> 8) & 255, (key >> 16) & 255], row * 6);
  }
  const columns = Bun.zstdCompressSync(writer.bytes(), { level: 1 });
  // The migration seals what it finds.
  return { events: events.count, columns: sealBlob(columns), keys: sealBlob(keys) };
}

test("events come back from a block as they went in, and from one of before", () => {
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
        events.key[row] = item.key;
      });
      events.count = items.length;
      expect(decodeBlock(encodeBlock(events, 0, items.length))).toEqual(events);
      expect(decodeBlock(encodedBefore(events))).toEqual(events);
    }),
  );
});
