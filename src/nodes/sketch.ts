import type { VarintReader, VarintWriter } from "./varint.ts";

/** Relative error that every quantile keeps. */
export const ALPHA = 0.01;
const GAMMA = (1 + ALPHA) / (1 - ALPHA);
const LOG_GAMMA = Math.log(GAMMA);
/** Bucket 0 holds values below 1 ms, which a log cannot tell from zero. */
const ZERO_BUCKET = 0;

function computeBucket(valueMs: number): number {
  return valueMs < 1 ? ZERO_BUCKET : Math.ceil(Math.log(valueMs) / LOG_GAMMA) + 1;
}

/** Every bucket is below it. */
export const BUCKET_LIMIT = computeBucket(Number.MAX_SAFE_INTEGER) + 1;

let smallBuckets: Uint16Array | null = null;

function bucketOf(valueMs: number): number {
  // Made at the first use: who only reads sketches has none.
  smallBuckets ??= Uint16Array.from({ length: 8_192 }, (_, value) => computeBucket(value));
  return smallBuckets[valueMs] ?? computeBucket(valueMs);
}

/** The value within ALPHA of all that a bucket holds. */
export function valueOfBucket(bucket: number): number {
  return bucket === ZERO_BUCKET ? 0 : (2 * GAMMA ** (bucket - 1)) / (GAMMA + 1);
}

/**
 * DDSketch: counts in buckets that grow by (1+α)/(1−α), so that quantiles have a relative error of at most α and
 * sketches merge by adding. Source: Masson, Rim & Lee, "DDSketch", VLDB 2019.
 */
export class Sketch {
  readonly buckets = new Map<number, number>();
  count = 0;

  add(valueMs: number): void {
    const bucket = bucketOf(valueMs);
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + 1);
    this.count += 1;
  }

  merge(other: Sketch): void {
    for (const [bucket, count] of other.buckets) {
      this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
    }
    this.count += other.count;
  }

  /** The value at rank ⌊q·(n−1)⌋, within ALPHA; null of an empty sketch. */
  quantile(q: number): number | null {
    if (this.count === 0) return null;
    const rank = Math.floor(q * (this.count - 1));
    let below = 0;
    let last = ZERO_BUCKET;
    for (const bucket of [...this.buckets.keys()].toSorted((a, b) => a - b)) {
      below += this.buckets.get(bucket) ?? 0;
      last = bucket;
      if (below > rank) break;
    }
    return valueOfBucket(last);
  }

  write(to: VarintWriter): void {
    to.unsigned(this.buckets.size);
    let before = 0;
    for (const bucket of [...this.buckets.keys()].toSorted((a, b) => a - b)) {
      to.unsigned(bucket - before);
      to.unsigned(this.buckets.get(bucket) ?? 0);
      before = bucket;
    }
  }

  /** Adds what `write` wrote to this sketch. */
  mergeFrom(reader: VarintReader): void {
    let bucket = 0;
    for (let left = reader.unsigned(); left > 0; left -= 1) {
      bucket += reader.unsigned();
      const count = reader.unsigned();
      this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
      this.count += count;
    }
  }
}
