import { openRow } from "../../db/sealed-blob.ts";
import { DAY_MS, HOUR_MS } from "../log/vocabulary.ts";
import { BUCKET_LIMIT } from "./sketch.ts";
import { addStoredSketch, type StoredSketch } from "./stored-sketch.ts";
import { readSummary, type StoredHour, SUMMARY_NUMBERS } from "./summary-numbers.ts";

/**
 * The hours of a UTC day in one blob that is read in place: the numbers of their summaries, and for each bucket how
 * many of each hour's timed operations were no longer than it. A month of twenty nodes has 14,400 summaries; unpacking
 * them one by one took most of the time of a comparison.
 *
 * It contains nothing but what was computed from stored hours: if it is missing or damaged, the hours are read instead.
 */
export interface PackedHours {
  readonly type: "packed";
  readonly length: number;
  readonly startMs: Float64Array;
  /** SUMMARY_NUMBERS for each hour. */
  readonly numbers: Float64Array;
  /** The first bucket of `upTo`; all lower ones are empty. */
  readonly firstBucket: number;
  readonly buckets: number;
  /** At bucket × length + hour: the hour's operations from the first bucket up to and including this one. */
  readonly upTo: Uint16Array | Uint32Array;
}

const FORM = 1;
const HOURS = DAY_MS / HOUR_MS;
/**
 * One byte each: format, hours, bytes of a count. Two bytes each: the first bucket, the number of buckets. Four bytes:
 * which hours are there.
 */
const HEAD_BYTES = 16;
/** A wider range of durations means damage, and would take too much room. */
const MOST_BUCKETS = 1_024;

/** Shared by all days, and created only when hours are packed. */
let spread: Spread | null = null;

/** Sketches side by side, with a row for each bucket. */
class Spread {
  /** The count at bucket × HOURS + hour. */
  readonly counts = new Float64Array(BUCKET_LIMIT * HOURS);
  readonly #rows = new Int32Array(BUCKET_LIMIT);

  constructor() {
    for (let bucket = 0; bucket < BUCKET_LIMIT; bucket += 1) this.#rows[bucket] = bucket * HOURS;
  }

  /** @returns the lowest and the highest bucket in use; the highest is -1 if none is. */
  fill(sketches: readonly StoredSketch[]): { first: number; last: number } {
    const { counts } = this;
    counts.fill(0);
    for (const [hour, sketch] of sketches.entries()) addStoredSketch(sketch, this.#rows, counts, hour);
    let last = counts.length - 1;
    while (last >= 0 && counts[last] === 0) last -= 1;
    if (last < 0) return { first: 0, last };
    let first = 0;
    while (counts[first] === 0) first += 1;
    return { first: Math.floor(first / HOURS), last: Math.floor(last / HOURS) };
  }
}

/** Packs the hours of the day that begins at `dayMs`, in order of time; null if they do not fit the format. */
export function packHours(dayMs: number, hours: readonly StoredHour[]): Uint8Array | null {
  const { length } = hours;
  if (length === 0 || length > HOURS) return null;
  const numbers = new Float64Array(length * SUMMARY_NUMBERS);
  const sketches = hours.map(({ summary }, hour) => ({
    bytes: summary,
    start: readSummary(summary, numbers, hour * SUMMARY_NUMBERS),
  }));
  spread ??= new Spread();
  const { counts } = spread;
  const { first, last } = spread.fill(sketches);
  const buckets = last - first + 1;
  if (buckets > MOST_BUCKETS) return null;
  const upTo = new Float64Array(buckets * length);
  let most = 0;
  for (let hour = 0; hour < length; hour += 1) {
    let sum = 0;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      sum += counts[(first + bucket) * HOURS + hour] ?? 0;
      upTo[bucket * length + hour] = sum;
    }
    most = Math.max(most, sum);
  }
  if (most > 0xffff_ffff) return null;
  const width = most > 0xffff ? 4 : 2;
  const packed = new Uint8Array(HEAD_BYTES + numbers.byteLength + upTo.length * width);
  const head = new DataView(packed.buffer);
  head.setUint8(0, FORM);
  head.setUint8(1, length);
  head.setUint8(2, width);
  head.setUint16(4, first, true);
  head.setUint16(6, buckets, true);
  const which = hours.reduce((bits, { startMs }) => bits | (1 << ((startMs - dayMs) / HOUR_MS)), 0);
  head.setUint32(8, which >>> 0, true);
  // All our target machines are little-endian, as are the other blobs.
  new Float64Array(packed.buffer, HEAD_BYTES, numbers.length).set(numbers);
  const columns = width === 4 ? Uint32Array : Uint16Array;
  new columns(packed.buffer, HEAD_BYTES + numbers.byteLength, upTo.length).set(upTo);
  return packed;
}

/** Reads the output of `packHours` for that day; null if the format is unknown or the data is cut off. */
export function unpackHours(dayMs: number, packed: Uint8Array): PackedHours | null {
  if (packed.length < HEAD_BYTES || packed[0] !== FORM) return null;
  // The numbers are read in place, so they must be aligned.
  const bytes = packed.byteOffset % 8 === 0 ? packed : packed.slice();
  const { buffer, byteOffset } = bytes;
  const head = new DataView(buffer, byteOffset, HEAD_BYTES);
  const length = head.getUint8(1);
  const width = head.getUint8(2);
  const firstBucket = head.getUint16(4, true);
  const buckets = head.getUint16(6, true);
  const which = head.getUint32(8, true);
  const upToAt = HEAD_BYTES + length * SUMMARY_NUMBERS * 8;
  if (bytes.length !== upToAt + buckets * length * width) return null;
  const startMs = new Float64Array(length);
  let hour = 0;
  for (let place = 0; place < HOURS; place += 1) {
    if ((which & (1 << place)) !== 0) startMs[hour++] = dayMs + place * HOUR_MS;
  }
  if (hour !== length) return null;
  return {
    type: "packed",
    length,
    startMs,
    numbers: new Float64Array(buffer, byteOffset + HEAD_BYTES, length * SUMMARY_NUMBERS),
    firstBucket,
    buckets,
    upTo:
      width === 4
        ? new Uint32Array(buffer, byteOffset + upToAt, buckets * length)
        : new Uint16Array(buffer, byteOffset + upToAt, buckets * length),
  };
}

/** Packs stored hours, whose blobs are sealed; null if one of them is damaged. */
export function packStored(dayMs: number, rows: readonly StoredHour[]): Uint8Array | null {
  const hours = rows.map((row) => ({ ...row }));
  return hours.every((row) => openRow(row, ["summary"])) ? packHours(dayMs, hours) : null;
}
