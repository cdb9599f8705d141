import { createEvents, type Events, NO_DURATION, startMsOf } from "../log/events.ts";
import { KEY_MASK } from "../log/line-hash.ts";
import { openBlob, sealBlob } from "../../db/sealed-blob.ts";
import { PlaneReader, PlaneWriter } from "./byte-planes.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

/** Events per block: enough for the columns to compress, few enough to decode in a millisecond. */
export const BLOCK_EVENTS = 4_096;
/** Blocks that are never rewritten may have this many events: half as many pages are left partly empty. */
export const LARGE_BLOCK_EVENTS = 2 * BLOCK_EVENTS;
/** Stored bytes of a key; see KEY_MASK. */
const KEY_BYTES = 3;
/** Nearly all sizes are multiples of this, and the quotient is a byte shorter. */
const SIZE_UNIT = 256;
/** Larger sizes occur only in damaged lines, and are stored separately: doubled, they would not be whole numbers. */
const LARGE_SIZE = 2 ** 50;
const LARGE_MARK = 3;
const MACHINE_WORD = 2 ** 31;
/** The first byte of a block in planes; a block in the old format begins with zstd's first byte. */
const PLANES_MARK = 1;

/** A block as it is stored; its blobs are sealed (see db/sealed-blob.ts). */
export interface StoredBlock {
  readonly events: number;
  /** The span of all starts and ends. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Times, durations, sizes, satellites and kinds of event, in compressed byte planes. */
  readonly columns: Uint8Array;
  /** The keys, which cannot be compressed. */
  readonly keys: Uint8Array;
}

/** Shared by all blocks, which are encoded one after another. */
const coded = new Float64Array(LARGE_BLOCK_EVENTS);

/** Writes times, durations, sizes, satellites and kinds of event as columns of non-negative whole numbers. */
function writeColumns(to: PlaneWriter, events: Events, { from, until, unit }: Rows): number[] {
  const { timeMs, durationMs, sizeBytes, satellite, action, outcome, coarse } = events;
  const large: number[] = [];
  let before = 0;
  for (let at = from; at < until; at += 1) {
    const time = timeMs[at] ?? 0;
    const step = (time - before) / unit;
    before = time;
    coded[at - from] = step < 0 ? -step * 2 - 1 : step * 2;
  }
  to.column(coded);
  for (let at = from; at < until; at += 1) {
    const duration = durationMs[at] ?? NO_DURATION;
    const steps = duration / unit;
    coded[at - from] = duration === NO_DURATION ? 0 : (steps < 0 ? -steps * 2 - 1 : steps * 2) + 1;
  }
  to.column(coded);
  for (let at = from; at < until; at += 1) {
    const size = sizeBytes[at] ?? -1;
    if (size >= LARGE_SIZE) {
      coded[at - from] = LARGE_MARK;
      large.push(size);
    } else if (size >= 0 && size < MACHINE_WORD && ((size | 0) & (SIZE_UNIT - 1)) === 0) {
      // On doubles, `%` would be a function call.
      coded[at - from] = ((size | 0) / SIZE_UNIT) * 2;
    } else
      coded[at - from] = size >= 0 && size % SIZE_UNIT === 0 ? (size / SIZE_UNIT) * 2 : (size + 1) * 2 + 1;
  }
  to.column(coded);
  for (let at = from; at < until; at += 1) coded[at - from] = satellite[at] ?? 0;
  to.column(coded);
  for (let at = from; at < until; at += 1) {
    coded[at - from] = ((action[at] ?? 0) << 3) | ((outcome[at] ?? 0) << 1) | (coarse[at] ?? 0);
  }
  to.column(coded);
  return large;
}

/** Rows [from, until), at most LARGE_BLOCK_EVENTS of them. */
interface Rows {
  readonly from: number;
  readonly until: number;
  /** The unit of all their times, in ms. */
  readonly unit: number;
}

const writer = new VarintWriter();

/** Encodes rows [from, until) of `events`, at most LARGE_BLOCK_EVENTS of them. */
export function encodeBlock(events: Events, from: number, until: number): StoredBlock {
  let isCoarse = true;
  let fromMs = Infinity;
  let untilMs = -Infinity;
  for (let row = from; row < until; row += 1) {
    const time = events.timeMs[row] ?? 0;
    const start = startMsOf(events, row) ?? time;
    isCoarse &&= time % 1000 === 0 && start % 1000 === 0;
    fromMs = Math.min(fromMs, time, start);
    untilMs = Math.max(untilMs, time, start);
  }
  const unit = isCoarse ? 1000 : 1;
  writer.reset();
  writer.byte(PLANES_MARK);
  writer.unsigned(unit);
  const planes = new PlaneWriter(writer, until - from);
  const large = writeColumns(planes, events, { from, until, unit });
  planes.end();
  for (const size of large) writer.unsigned(size);
  const keys = new Uint8Array((until - from) * KEY_BYTES);
  for (let row = from, at = 0; row < until; row += 1) {
    const key = events.key[row] ?? 0;
    keys[at++] = key;
    keys[at++] = key >>> 8;
    keys[at++] = key >>> 16;
  }
  return { events: until - from, fromMs, untilMs, columns: sealBlob(writer.bytes()), keys: sealBlob(keys) };
}

function durationOf(coded: number, unit: number): number {
  if (coded === 0) return NO_DURATION;
  return (coded % 2 === 1 ? (coded - 1) / 2 : -(coded / 2)) * unit;
}

function sizeOf(coded: number): number {
  return coded % 2 === 0 ? (coded / 2) * SIZE_UNIT : (coded - 1) / 2 - 1;
}

function setHappened(events: Events, row: number, packed: number): void {
  events.action[row] = packed >> 3;
  events.outcome[row] = (packed >> 1) & 3;
  events.coarse[row] = packed & 1;
}

function readPlanes(reader: VarintReader, events: Events, count: number): void {
  const unit = reader.unsigned();
  const planes = new PlaneReader(reader, count);
  const [times, durations, sizes, satellites, happened] = [
    planes.column(),
    planes.column(),
    planes.column(),
    planes.column(),
    planes.column(),
  ];
  planes.end();
  let time = 0;
  for (let row = 0; row < count; row += 1) {
    const step = times[row] ?? 0;
    time += (step % 2 === 0 ? step / 2 : -(step + 1) / 2) * unit;
    events.timeMs[row] = time;
    events.durationMs[row] = durationOf(durations[row] ?? 0, unit);
    const size = sizes[row] ?? 0;
    events.sizeBytes[row] = size === LARGE_MARK ? reader.unsigned() : sizeOf(size);
    events.satellite[row] = satellites[row] ?? 0;
    setHappened(events, row, happened[row] ?? 0);
  }
}

/** Reads columns in the old format: varints, one column after another, compressed together. */
function readVarints(reader: VarintReader, events: Events, count: number): void {
  const unit = reader.unsigned();
  let time = 0;
  for (let row = 0; row < count; row += 1) events.timeMs[row] = time += reader.signed() * unit;
  for (let row = 0; row < count; row += 1) events.durationMs[row] = durationOf(reader.unsigned(), unit);
  for (let row = 0; row < count; row += 1) {
    const coded = reader.unsigned();
    events.sizeBytes[row] = coded === LARGE_MARK ? reader.unsigned() : sizeOf(coded);
  }
  for (let row = 0; row < count; row += 1) events.satellite[row] = reader.unsigned();
  for (let row = 0; row < count; row += 1) setHappened(events, row, reader.byte());
}

/**
 * Decodes a block of this or an older version; older keys have six bytes, of which three are used.
 *
 * @throws DamagedBlob
 */
export function decodeBlock(block: Pick<StoredBlock, "events" | "columns" | "keys">): Events {
  const { events: count } = block;
  const [columns, keys] = [openBlob(block.columns), openBlob(block.keys)];
  const events = createEvents(count);
  if (columns[0] === PLANES_MARK) readPlanes(new VarintReader(columns.subarray(1)), events, count);
  else readVarints(new VarintReader(Bun.zstdDecompressSync(columns)), events, count);
  const keyBytes = count === 0 ? KEY_BYTES : keys.length / count;
  for (let row = 0; row < count; row += 1) {
    const at = row * keyBytes;
    events.key[row] = ((keys[at] ?? 0) | ((keys[at + 1] ?? 0) << 8) | ((keys[at + 2] ?? 0) << 16)) & KEY_MASK;
  }
  events.count = count;
  return events;
}
