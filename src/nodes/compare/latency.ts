import type { HourTable } from "../store/hour-table.ts";
import { edgesOfBucket, valueOfBucket } from "../store/sketch.ts";

/** Classes per decade. Each is a third wider than the one before it, and as wide as thirteen buckets. */
const DISTRIBUTION_CLASSES = 8;

/** Operations that took less than `below_ms`, but at least the limit of the previous class. */
export interface DistributionClass {
  readonly below_ms: number;
  /** Percent of all timed operations. */
  readonly share_percent: number;
}

/** A quantile's position, finer than a bucket. */
interface QuantilePlace {
  /** Natural logarithm of the milliseconds. */
  readonly log: number;
  readonly bucket: number;
  /** The fraction (0 to 1) of the bucket's operations that are below the quantile. */
  readonly fraction: number;
}

/** The durations of a window's timed operations. */
export class Latency {
  /** 1 or 1000; null if no operation was timed. */
  readonly resolutionMs: number | null;
  readonly meanMs: number | null;
  readonly isResolved: boolean;
  /** The number of operations up to and including each bucket, over all hours, to the last bucket in use. */
  readonly #cumulative: Float64Array;

  /** `bucketCounts`: the sum of all hours' sketches. */
  constructor(hours: HourTable, bucketCounts: Float64Array) {
    const timed = hours.timedTotal();
    let last = bucketCounts.length - 1;
    while (last >= 0 && bucketCounts[last] === 0) last -= 1;
    const cumulative = bucketCounts.slice(0, last + 1);
    for (let bucket = 1; bucket <= last; bucket += 1) {
      cumulative[bucket] = (cumulative[bucket] ?? 0) + (cumulative[bucket - 1] ?? 0);
    }
    this.#cumulative = cumulative;
    const told = hours.resolutionMs();
    this.isResolved = told === 1 && last >= 0;
    this.resolutionMs = told === 1 && !this.isResolved ? 1000 : told;
    this.meanMs = timed === 0 ? null : hours.timedMsTotal() / timed;
  }

  /** The number of operations behind the quantiles. */
  get total(): number {
    return this.#cumulative.at(-1) ?? 0;
  }

  /**
   * The value below which `share` (0 to 1) of the operations are, within 1%; null if the log's timestamps are too
   * coarse.
   */
  quantileMs(share: number): number | null {
    if (!this.isResolved) return null;
    const rank = Math.floor(share * (this.total - 1));
    return valueOfBucket(this.#bucketOf(rank + 1));
  }

  /**
   * The same on a finer scale, for differences: interpolated between the edges of the bucket, which are half a
   * millisecond beyond the whole milliseconds in it. Otherwise medians of 2 and 3 ms, to which a log rounds 2.49 and
   * 2.51, would differ by half.
   */
  logQuantile(share: number): QuantilePlace {
    const rank = share * this.total;
    const bucket = this.#bucketOf(rank);
    const below = bucket === 0 ? 0 : (this.#cumulative[bucket - 1] ?? 0);
    const fraction = (rank - below) / ((this.#cumulative[bucket] ?? 0) - below);
    const [low, high] = edgesOfBucket(bucket);
    return { log: Math.log(low) + fraction * Math.log(high / low), bucket, fraction };
  }

  /**
   * The distribution of the operations in classes of equal width on a logarithmic scale: DISTRIBUTION_CLASSES per
   * decade, from the first class in use to the last. null if the log's timestamps are too coarse.
   */
  distribution(): readonly DistributionClass[] | null {
    if (!this.isResolved) return null;
    const shares = new Map<number, number>();
    let before = 0;
    for (let bucket = 0; bucket < this.#cumulative.length; bucket += 1) {
      const count = (this.#cumulative[bucket] ?? 0) - before;
      before += count;
      if (count === 0) continue;
      const at = Math.floor(Math.log10(Math.max(1, valueOfBucket(bucket))) * DISTRIBUTION_CLASSES);
      shares.set(at, (shares.get(at) ?? 0) + (count / this.total) * 100);
    }
    const first = Math.min(...shares.keys());
    return Array.from({ length: Math.max(...shares.keys()) - first + 1 }, (_, index) => ({
      below_ms: 10 ** ((first + index + 1) / DISTRIBUTION_CLASSES),
      share_percent: shares.get(first + index) ?? 0,
    }));
  }

  /** The first bucket up to which there are at least this many operations, or else the last one. */
  #bucketOf(operations: number): number {
    const cumulative = this.#cumulative;
    let [below, at] = [-1, cumulative.length - 1];
    while (at - below > 1) {
      const middle = (below + at) >> 1;
      if ((cumulative[middle] ?? 0) >= operations) at = middle;
      else below = middle;
    }
    return at;
  }
}
