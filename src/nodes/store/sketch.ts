import type { VarintReader, VarintWriter } from "./varint.ts";

/** The relative error of every quantile. */
export const ALPHA = 0.01;
const GAMMA = (1 + ALPHA) / (1 - ALPHA);
const LOG_GAMMA = Math.log(GAMMA);
/** Bucket 0 is for values below 1 ms, which in a log look like zero. */
const ZERO_BUCKET = 0;

function computeBucket(valueMs: number): number {
  return valueMs < 1 ? ZERO_BUCKET : Math.ceil(Math.log(valueMs) / LOG_GAMMA) + 1;
}

/** All buckets are below this. */
export const BUCKET_LIMIT = computeBucket(Number.MAX_SAFE_INTEGER) + 1;

let smallBuckets: Uint16Array | null = null;

function bucketOf(valueMs: number): number {
  // Created at the first use: not needed for only reading sketches.
  smallBuckets ??= Uint16Array.from({ length: 8_192 }, (_, value) => computeBucket(value));
  return smallBuckets[valueMs] ?? computeBucket(valueMs);
}

/** A value within ALPHA of all values in a bucket. */
export function valueOfBucket(bucket: number): number {
  return bucket === ZERO_BUCKET ? 0 : (2 * GAMMA ** (bucket - 1)) / (GAMMA + 1);
}

/**
 * The range of durations, in ms, that a log with whole milliseconds rounds to a bucket's numbers: from half a
 * millisecond below the first to half a millisecond above the last. Below 1 ms it begins at a quarter, so that it has a
 * logarithm.
 */
export function edgesOfBucket(bucket: number): readonly [lowMs: number, highMs: number] {
  if (bucket === ZERO_BUCKET) return [0.25, 0.5];
  const first = Math.floor(GAMMA ** (bucket - 2) + 1e-9) + 1;
  const last = Math.floor(GAMMA ** (bucket - 1) + 1e-9);
  return [first - 0.5, last + 0.5];
}

/** The bucket of the longest possible time: a stored sketch with a higher bucket is damaged. */
const LAST_BUCKET = computeBucket(Number.MAX_SAFE_INTEGER);
const NO_COUNTS = new Uint32Array(0);
/** Spare buckets added whenever a sketch's column grows. */
const ROOM = 48;

/**
 * DDSketch: counts in buckets that grow by (1+α)/(1−α), so that quantiles have a relative error of at most α, and
 * sketches are merged by adding. Source: Masson, Rim & Lee, "DDSketch", VLDB 2019.
 *
 * The counts are a dense column that starts at the lowest bucket in use: an ingest adds to and merges thousands of
 * sketches a second, and latencies fall into a few hundred buckets.
 */
export class Sketch {
  /** The count of bucket `#first` + index. */
  #counts: Uint32Array = NO_COUNTS;
  #first = 0;
  count = 0;

  /** The non-zero counts by bucket, lowest bucket first. */
  get buckets(): Map<number, number> {
    const buckets = new Map<number, number>();
    const counts = this.#counts;
    for (let index = 0; index < counts.length; index += 1) {
      const count = counts[index] ?? 0;
      if (count > 0) buckets.set(this.#first + index, count);
    }
    return buckets;
  }

  add(valueMs: number): void {
    this.#addCount(bucketOf(valueMs), 1);
    this.count += 1;
  }

  merge(other: Sketch): void {
    const from = other.#counts;
    if (from.length === 0) return;
    this.#reach(other.#first, other.#first + from.length);
    const counts = this.#counts;
    const shift = other.#first - this.#first;
    for (let index = 0; index < from.length; index += 1) {
      counts[index + shift] = (counts[index + shift] ?? 0) + (from[index] ?? 0);
    }
    this.count += other.count;
  }

  /** The value at rank ⌊q·(n−1)⌋, within ALPHA; null if the sketch is empty. */
  quantile(q: number): number | null {
    if (this.count === 0) return null;
    const rank = Math.floor(q * (this.count - 1));
    const counts = this.#counts;
    let below = 0;
    let index = 0;
    for (; index < counts.length - 1; index += 1) {
      below += counts[index] ?? 0;
      if (below > rank) break;
    }
    return valueOfBucket(this.#first + index);
  }

  write(to: VarintWriter): void {
    const counts = this.#counts;
    const numbers = new Float64Array(counts.length * 2);
    let length = 0;
    let before = 0;
    for (let index = 0; index < counts.length; index += 1) {
      const count = counts[index] ?? 0;
      if (count === 0) continue;
      numbers[length] = this.#first + index - before;
      numbers[length + 1] = count;
      length += 2;
      before = this.#first + index;
    }
    to.unsigned(length / 2);
    to.column(numbers.subarray(0, length));
  }

  /** Adds the output of `write` to this sketch. */
  mergeFrom(reader: VarintReader): void {
    let bucket = 0;
    for (let left = reader.unsigned(); left > 0; left -= 1) {
      bucket += reader.unsigned();
      if (bucket > LAST_BUCKET) throw new RangeError("Cannot read a sketch's bucket past the last one");
      const count = reader.unsigned();
      this.#addCount(bucket, count);
      this.count += count;
    }
  }

  #addCount(bucket: number, count: number): void {
    const index = bucket - this.#first;
    if (index < 0 || index >= this.#counts.length) {
      this.#reach(bucket, bucket + 1);
      this.#addCount(bucket, count);
    } else this.#counts[index] = (this.#counts[index] ?? 0) + count;
  }

  /** Extends the column to buckets [from, until). */
  #reach(from: number, until: number): void {
    const old = this.#counts;
    const oldEnd = this.#first + old.length;
    if (old.length > 0 && from >= this.#first && until <= oldEnd) return;
    const isEmpty = old.length === 0;
    const first = isEmpty || from < this.#first ? Math.max(0, from - ROOM) : this.#first;
    const end = isEmpty || until > oldEnd ? until + ROOM : oldEnd;
    const counts = new Uint32Array(end - first);
    if (!isEmpty) counts.set(old, this.#first - first);
    this.#counts = counts;
    this.#first = first;
  }
}
