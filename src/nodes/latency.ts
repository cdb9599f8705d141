import type { HourStats } from "./hour-stats.ts";
import { valueOfBucket } from "./sketch.ts";

/** Quantiles that are told, and the mean, in milliseconds. */
export const LATENCY_METRICS = [
  "avg_latency_p50",
  "avg_latency_p95",
  "avg_latency_p99",
  "avg_latency_mean",
] as const;
export type LatencyMetric = (typeof LATENCY_METRICS)[number];
const QUANTILES: readonly number[] = [0.5, 0.95, 0.99];

/** Beyond this share of operations timed in whole seconds the quantiles are not told. */
const MAX_COARSE_SHARE = 0.01;

export interface Latency {
  readonly values: Readonly<Record<LatencyMetric, number | null>>;
  /** 1 or 1000; null where nothing was timed. */
  readonly resolutionMs: number | null;
}

/** The hours' sketches as one table of cumulative counts, by bucket and hour. */
export interface LatencyTable {
  readonly hours: number;
  readonly firstBucket: number;
  /** At (bucket − firstBucket) × hours + hour: operations of the hour up to and in the bucket. */
  readonly cumulative: Float64Array;
  readonly bucketCount: number;
  readonly timed: Float64Array;
  readonly timedMs: Float64Array;
  readonly isResolved: boolean;
}

export function latencyTable(all: readonly HourStats[]): LatencyTable {
  const hours = all.filter((hour) => hour.timed > 0);
  let firstBucket = Infinity;
  let lastBucket = -Infinity;
  let coarse = 0;
  let timed = 0;
  for (const hour of hours) {
    firstBucket = Math.min(firstBucket, hour.buckets[0] ?? Infinity);
    lastBucket = Math.max(lastBucket, hour.buckets.at(-1) ?? -Infinity);
    coarse += hour.coarse;
    timed += hour.timed;
  }
  const isResolved = timed > 0 && coarse <= timed * MAX_COARSE_SHARE && lastBucket >= firstBucket;
  const bucketCount = isResolved ? lastBucket - firstBucket + 1 : 0;
  const cumulative = new Float64Array(bucketCount * hours.length);
  if (isResolved) {
    hours.forEach((hour, column) => {
      let next = 0;
      let below = 0;
      for (let row = 0; row < bucketCount; row += 1) {
        if (hour.buckets[next] === firstBucket + row) {
          below += hour.bucketCounts[next] ?? 0;
          next += 1;
        }
        cumulative[row * hours.length + column] = below;
      }
    });
  }
  return {
    hours: hours.length,
    firstBucket,
    cumulative,
    bucketCount,
    timed: Float64Array.from(hours, (hour) => hour.timed),
    timedMs: Float64Array.from(hours, (hour) => hour.timedMs),
    isResolved,
  };
}

/** Operations up to and in a bucket, with each hour taken `weights[hour]` times. */
function countUpTo(table: LatencyTable, row: number, weights: Float64Array): number {
  const { hours, cumulative } = table;
  const start = row * hours;
  let sum = 0;
  for (let hour = 0; hour < hours; hour += 1) sum += (cumulative[start + hour] ?? 0) * (weights[hour] ?? 0);
  return sum;
}

/**
 * The row whose bucket holds the quantile. `hint` is where a like draw found it: the search gallops from there, so
 * that it takes two or three passes over the hours.
 */
function quantileRow(table: LatencyTable, q: number, weights: Float64Array, hint: number): number {
  const total = countUpTo(table, table.bucketCount - 1, weights);
  const rank = Math.floor(q * (total - 1));
  let low = 0;
  let high = table.bucketCount - 1;
  let probe = Math.min(hint, high);
  let step = 1;
  while (low < high) {
    if (countUpTo(table, probe, weights) > rank) {
      high = probe;
      probe = Math.max(low, high - step);
    } else {
      low = probe + 1;
      probe = Math.min(high - 1, low + step - 1);
    }
    step *= 2;
    if (step > 8) probe = (low + high) >> 1;
  }
  return low;
}

function quantileOf(table: LatencyTable, q: number, weights: Float64Array): number {
  const middle = table.bucketCount >> 1;
  return valueOfBucket(table.firstBucket + quantileRow(table, q, weights, middle));
}

function meanOf(table: LatencyTable, weights: Float64Array): number {
  let timed = 0;
  let timedMs = 0;
  for (let hour = 0; hour < table.hours; hour += 1) {
    timed += (table.timed[hour] ?? 0) * (weights[hour] ?? 0);
    timedMs += (table.timedMs[hour] ?? 0) * (weights[hour] ?? 0);
  }
  return timedMs / timed;
}

export function latencyOf(table: LatencyTable): Latency {
  const nothing = {
    avg_latency_p50: null,
    avg_latency_p95: null,
    avg_latency_p99: null,
    avg_latency_mean: null,
  };
  if (table.hours === 0) return { values: nothing, resolutionMs: null };
  const once = new Float64Array(table.hours).fill(1);
  const mean = meanOf(table, once);
  if (!table.isResolved) return { values: { ...nothing, avg_latency_mean: mean }, resolutionMs: 1000 };
  const [p50 = 0, p95 = 0, p99 = 0] = QUANTILES.map((q) => quantileOf(table, q, once));
  return {
    values: { avg_latency_p50: p50, avg_latency_p95: p95, avg_latency_p99: p99, avg_latency_mean: mean },
    resolutionMs: 1,
  };
}

/** Fewer hours than this say too little of how hours differ: no interval is told then. */
const MIN_HOURS = 6;

/** What each resample of the hours gave, by metric; empty where the log does not tell the metric. */
export type Resamples = Readonly<Record<LatencyMetric, Float64Array>>;

/**
 * Bootstrap over hours: operations of an hour are alike, so hours, not operations, are drawn anew. The quantile of
 * a draw is searched for in the cumulative table, so a draw costs a few passes over the hours and no merging.
 * Source: Efron & Tibshirani 1993, 8 (block resampling).
 */
export function bootstrap(table: LatencyTable, resamples: number, random: () => number): Resamples {
  const count = table.hours < MIN_HOURS ? 0 : resamples;
  const quantileCount = table.isResolved ? count : 0;
  const p50 = new Float64Array(quantileCount);
  const p95 = new Float64Array(quantileCount);
  const p99 = new Float64Array(quantileCount);
  const mean = new Float64Array(count);
  const drawn = [p50, p95, p99];
  const hints = drawn.map(() => table.bucketCount >> 1);
  const weights = new Float64Array(table.hours);
  for (let draw = 0; draw < count; draw += 1) {
    weights.fill(0);
    for (let index = 0; index < table.hours; index += 1) {
      const hour = Math.floor(random() * table.hours);
      weights[hour] = (weights[hour] ?? 0) + 1;
    }
    mean[draw] = meanOf(table, weights);
    if (!table.isResolved) continue;
    hints.forEach((hint, index) => {
      const row = quantileRow(table, QUANTILES[index] ?? 0.5, weights, hint);
      hints[index] = row;
      const into = drawn[index];
      if (into !== undefined) into[draw] = valueOfBucket(table.firstBucket + row);
    });
  }
  return { avg_latency_p50: p50, avg_latency_p95: p95, avg_latency_p99: p99, avg_latency_mean: mean };
}
