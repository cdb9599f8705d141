import { createEvents, type Events, NO_DURATION, startMsOf } from "../log/events.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

/** Events a block holds: enough for the columns to compress, few enough to decode in a millisecond. */
export const BLOCK_EVENTS = 4_096;
const KEY_BYTES = 6;
const ZSTD_LEVEL = 1;
/** Sizes are nearly all multiples of this; the quotient is a byte or two shorter. */
const SIZE_UNIT = 256;
/** Sizes from here on, which no piece has but a damaged line may, stand by themselves behind a mark that no other size has. */
const LARGE_SIZE = 2 ** 50;
const LARGE_MARK = 3;

/** A block as it is stored. */
export interface StoredBlock {
  readonly events: number;
  /** Over all starts and ends. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Times, durations, sizes, satellites and what happened, as varints, compressed. */
  readonly columns: Uint8Array;
  /** 6 bytes an event that no compression shortens. */
  readonly keys: Uint8Array;
}

const writer = new VarintWriter();

/** Encodes rows [from, until) of `events`. */
export function encodeBlock(events: Events, from: number, until: number): StoredBlock {
  writer.reset();
  let isCoarse = true;
  for (let row = from; row < until && isCoarse; row += 1) {
    isCoarse = (events.timeMs[row] ?? 0) % 1000 === 0;
    const duration = events.durationMs[row] ?? 0;
    if (duration !== NO_DURATION && duration % 1000 !== 0) isCoarse = false;
  }
  const unit = isCoarse ? 1000 : 1;
  writer.unsigned(unit);
  let fromMs = Infinity;
  let untilMs = -Infinity;
  let before = 0;
  for (let row = from; row < until; row += 1) {
    const time = events.timeMs[row] ?? 0;
    const start = startMsOf(events, row) ?? time;
    fromMs = Math.min(fromMs, time, start);
    untilMs = Math.max(untilMs, time, start);
    writer.signed((time - before) / unit);
    before = time;
  }
  for (let row = from; row < until; row += 1) {
    const duration = events.durationMs[row] ?? NO_DURATION;
    if (duration === NO_DURATION) writer.unsigned(0);
    else writer.unsigned((duration < 0 ? (-duration / unit) * 2 - 1 : (duration / unit) * 2) + 1);
  }
  for (let row = from; row < until; row += 1) {
    const size = events.sizeBytes[row] ?? -1;
    if (size >= 0 && size % SIZE_UNIT === 0) writer.unsigned((size / SIZE_UNIT) * 2);
    else if (size < LARGE_SIZE) writer.unsigned((size + 1) * 2 + 1);
    else {
      writer.unsigned(LARGE_MARK);
      writer.unsigned(size);
    }
  }
  for (let row = from; row < until; row += 1) writer.unsigned(events.satellite[row] ?? 0);
  for (let row = from; row < until; row += 1) {
    writer.byte(
      ((events.action[row] ?? 0) << 3) | ((events.outcome[row] ?? 0) << 1) | (events.coarse[row] ?? 0),
    );
  }
  const columns = Bun.zstdCompressSync(writer.bytes(), { level: ZSTD_LEVEL });
  const keys = new Uint8Array((until - from) * KEY_BYTES);
  const view = new DataView(keys.buffer);
  for (let row = from; row < until; row += 1) {
    view.setUint32((row - from) * KEY_BYTES, events.keyLow[row] ?? 0, true);
    view.setUint16((row - from) * KEY_BYTES + 4, events.keyHigh[row] ?? 0, true);
  }
  return { events: until - from, fromMs, untilMs, columns, keys };
}

/** What `encodeBlock` encoded. */
export function decodeBlock(block: Pick<StoredBlock, "events" | "columns" | "keys">): Events {
  const { events: count, keys } = block;
  const events = createEvents(count);
  const reader = new VarintReader(Bun.zstdDecompressSync(block.columns));
  const unit = reader.unsigned();
  let time = 0;
  for (let row = 0; row < count; row += 1) {
    time += reader.signed() * unit;
    events.timeMs[row] = time;
  }
  for (let row = 0; row < count; row += 1) {
    const coded = reader.unsigned();
    if (coded === 0) events.durationMs[row] = NO_DURATION;
    else events.durationMs[row] = (coded % 2 === 1 ? (coded - 1) / 2 : -(coded / 2)) * unit;
  }
  for (let row = 0; row < count; row += 1) {
    const coded = reader.unsigned();
    if (coded === LARGE_MARK) events.sizeBytes[row] = reader.unsigned();
    else events.sizeBytes[row] = coded % 2 === 0 ? (coded / 2) * SIZE_UNIT : (coded - 1) / 2 - 1;
  }
  for (let row = 0; row < count; row += 1) events.satellite[row] = reader.unsigned();
  for (let row = 0; row < count; row += 1) {
    const packed = reader.byte();
    events.action[row] = packed >> 3;
    events.outcome[row] = (packed >> 1) & 3;
    events.coarse[row] = packed & 1;
  }
  const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
  for (let row = 0; row < count; row += 1) {
    events.keyLow[row] = view.getUint32(row * KEY_BYTES, true);
    events.keyHigh[row] = view.getUint16(row * KEY_BYTES + 4, true);
  }
  events.count = count;
  return events;
}
