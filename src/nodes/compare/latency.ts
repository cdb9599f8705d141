import type { HourStats } from "../store/hour-stats.ts";
import { edgesOfBucket, valueOfBucket } from "../store/sketch.ts";

/** Beyond this share of operations timed in whole seconds the quantiles are not told. */
const MAX_COARSE_SHARE = 0.01;

/** Where a quantile lies, for what is finer than a bucket. */
interface QuantilePlace {
  /** Natural logarithm of the milliseconds. */
  readonly log: number;
  readonly bucket: number;
  /** The part of the bucket's operations that are below the quantile, 0 to 1. */
  readonly fraction: number;
}

/** The durations of a window's timed operations. */
export class Latency {
  /** 1 or 1000; null where nothing was timed. */
  readonly resolutionMs: number | null;
  readonly meanMs: number | null;
  readonly isResolved: boolean;
  /** Operations of all hours up to and in each bucket, to the last one that has any. */
  readonly #cumulative: Float64Array;

  /** `bucketCounts`: what the sketches of all the hours add up to. */
  constructor(hours: readonly HourStats[], bucketCounts: Float64Array) {
    let coarse = 0;
    let timed = 0;
    let timedMs = 0;
    for (const hour of hours) {
      coarse += hour.coarse;
      timed += hour.timed;
      timedMs += hour.timedMs;
    }
    const last = bucketCounts.findLastIndex((count) => count > 0);
    const cumulative = bucketCounts.slice(0, last + 1);
    for (let bucket = 1; bucket <= last; bucket += 1) {
      cumulative[bucket] = (cumulative[bucket] ?? 0) + (cumulative[bucket - 1] ?? 0);
    }
    this.#cumulative = cumulative;
    this.isResolved = timed > 0 && coarse <= timed * MAX_COARSE_SHARE && last >= 0;
    this.resolutionMs = timed === 0 ? null : this.isResolved ? 1 : 1000;
    this.meanMs = timed === 0 ? null : timedMs / timed;
  }

  /** Operations that the quantiles are of. */
  get total(): number {
    return this.#cumulative.at(-1) ?? 0;
  }

  /** The value below which `share` (0 to 1) of the operations are, within 1%; null where the log hides it. */
  quantileMs(share: number): number | null {
    if (!this.isResolved) return null;
    const rank = Math.floor(share * (this.total - 1));
    return valueOfBucket(this.#bucketWhere((count) => count > rank));
  }

  /**
   * The same on a finer scale, for differences: between the edges of its bucket, which are half a millisecond beyond the
   * whole milliseconds that the bucket holds. Else two medians of 2 and 3 ms, as a log rounds 2.49 and 2.51, would be
   * half as long again.
   */
  logQuantile(share: number): QuantilePlace {
    const rank = share * this.total;
    const bucket = this.#bucketWhere((count) => count >= rank);
    const below = bucket === 0 ? 0 : (this.#cumulative[bucket - 1] ?? 0);
    const fraction = (rank - below) / ((this.#cumulative[bucket] ?? 0) - below);
    const [low, high] = edgesOfBucket(bucket);
    return { log: Math.log(low) + fraction * Math.log(high / low), bucket, fraction };
  }

  #bucketWhere(isReached: (count: number) => boolean): number {
    const found = this.#cumulative.findIndex(isReached);
    return found < 0 ? this.#cumulative.length - 1 : found;
  }
}
