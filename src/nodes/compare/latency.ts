import type { HourStats } from "../store/hour-stats.ts";
import { valueOfBucket } from "../store/sketch.ts";
import { addStoredSketch } from "../store/stored-sketch.ts";

/** What is drawn anew for an interval. */
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
  /** 1 or 1000; null where nothing was timed. */
  readonly resolutionMs: number | null;
  readonly meanMs: number | null;
  /** The value below which `share` (0 to 1) of the operations are; null where the log hides it. */
  quantileMs(share: number): number | null;
  readonly table: LatencyTable;
}

/** The hours with a timed operation, and their sketches added up. */
export interface LatencyTable {
  readonly hours: readonly HourStats[];
  /** Operations of all hours up to and in each bucket, to the last one that has any. */
  readonly cumulative: Float64Array;
  readonly isResolved: boolean;
}

function latencyTable(all: readonly HourStats[], bucketCounts: Float64Array): LatencyTable {
  const hours = all.filter((hour) => hour.timed > 0);
  let coarse = 0;
  let timed = 0;
  for (const hour of hours) {
    coarse += hour.coarse;
    timed += hour.timed;
  }
  const last = bucketCounts.findLastIndex((count) => count > 0);
  const cumulative = bucketCounts.slice(0, last + 1);
  for (let bucket = 1; bucket <= last; bucket += 1) {
    cumulative[bucket] = (cumulative[bucket] ?? 0) + (cumulative[bucket - 1] ?? 0);
  }
  const isResolved = timed > 0 && coarse <= timed * MAX_COARSE_SHARE && last >= 0;
  return { hours, cumulative, isResolved };
}

/** The first bucket up to which there are more than `rank` operations; the last one where there are not so many. */
function bucketBeyond(cumulative: Float64Array, rank: number): number {
  const found = cumulative.findIndex((count) => count > rank);
  return found < 0 ? cumulative.length - 1 : found;
}

function totalOf(cumulative: Float64Array): number {
  return cumulative.at(-1) ?? 0;
}

/** `bucketCounts`: what the sketches of all the hours add up to. */
export function latencyOf(all: readonly HourStats[], bucketCounts: Float64Array): Latency {
  const table = latencyTable(all, bucketCounts);
  const { hours, cumulative, isResolved } = table;
  let timed = 0;
  let timedMs = 0;
  for (const hour of hours) {
    timed += hour.timed;
    timedMs += hour.timedMs;
  }
  return {
    resolutionMs: timed === 0 ? null : isResolved ? 1 : 1000,
    meanMs: timed === 0 ? null : timedMs / timed,
    quantileMs: (share) =>
      isResolved
        ? valueOfBucket(bucketBeyond(cumulative, Math.floor(share * (totalOf(cumulative) - 1))))
        : null,
    table,
  };
}

/** Fewer hours than this say too little of how hours differ: no interval is told then. */
const MIN_HOURS = 6;
/**
 * From more hours than this on, adjoining ones are drawn together. Neighbours are alike, so that this makes no interval
 * too narrow, and a month costs no more than a week. Source: Carlstein, Ann. Stat. 14, 1986 (blocks that do not overlap).
 */
const MAX_BLOCKS = 96;
/** Buckets on either side of a quantile that a draw tells apart; beyond, each step is a quarter of the way. */
const FINE_BUCKETS = 8;

/** Blocks of hours, as the bootstrap draws them. */
interface Blocks {
  readonly count: number;
  readonly timed: Float64Array;
  readonly timedMs: Float64Array;
  /** The buckets that a draw tells apart, ascending, the last of all among them. */
  readonly rows: readonly number[];
  /** At row × count + block: operations of the block up to and in the row's bucket. */
  readonly cumulative: Float64Array;
}

/** Every bucket near a quantile, few far from all of them: a draw's quantile is seldom far. */
function toldApart(all: Float64Array): number[] {
  const last = all.length - 1;
  const rows = new Set([last]);
  for (const q of QUANTILES) {
    const middle = bucketBeyond(all, Math.floor(q * (totalOf(all) - 1)));
    for (let way = 0; way <= last; way += way < FINE_BUCKETS ? 1 : way >> 2) {
      if (middle >= way) rows.add(middle - way);
      if (middle + way <= last) rows.add(middle + way);
    }
  }
  return [...rows].toSorted((a, b) => a - b);
}

function blocksOf({ hours, cumulative: all, isResolved }: LatencyTable): Blocks {
  const hoursEach = Math.ceil(hours.length / MAX_BLOCKS);
  const count = Math.ceil(hours.length / hoursEach);
  const timed = new Float64Array(count);
  const timedMs = new Float64Array(count);
  const rows = isResolved ? toldApart(all) : [];
  const placeOf = new Int32Array(all.length);
  let bucket = 0;
  for (const [row, last] of rows.entries()) for (; bucket <= last; bucket += 1) placeOf[bucket] = row * count;
  const cumulative = new Float64Array(rows.length * count);
  for (const [index, hour] of hours.entries()) {
    const block = Math.floor(index / hoursEach);
    timed[block] = (timed[block] ?? 0) + hour.timed;
    timedMs[block] = (timedMs[block] ?? 0) + hour.timedMs;
    if (isResolved) addStoredSketch(hour.sketch, placeOf, cumulative, block);
  }
  for (let at = count; at < cumulative.length; at += 1) {
    cumulative[at] = (cumulative[at] ?? 0) + (cumulative[at - count] ?? 0);
  }
  return { count, timed, timedMs, rows, cumulative };
}

function drawAnew(weights: Float64Array, random: () => number): void {
  const { length } = weights;
  weights.fill(0);
  for (let drawn = 0; drawn < length; drawn += 1) {
    const block = Math.floor(random() * length);
    weights[block] = (weights[block] ?? 0) + 1;
  }
}

/** The sum over a row, each block taken as often as it was drawn. */
function weigh(values: Float64Array, row: number, weights: Float64Array): number {
  const { length } = weights;
  const start = row * length;
  let sum = 0;
  for (let block = 0; block < length; block += 1) {
    sum += (values[start + block] ?? 0) * (weights[block] ?? 0);
  }
  return sum;
}

/** What each resample of the hours gave, by metric; empty where the log does not tell the metric. */
export type Resamples = Readonly<Record<LatencyMetric, Float64Array>>;

/**
 * Bootstrap over hours: operations of an hour are alike, so hours, not operations, are drawn anew. A draw's quantile
 * is looked for from where the draw before found it, so that it takes two passes or so over the blocks and no merging.
 * Source: Efron & Tibshirani 1993, 8 (block resampling).
 */
export function bootstrap(table: LatencyTable, resamples: number, random: () => number): Resamples {
  const draws = table.hours.length < MIN_HOURS ? 0 : resamples;
  const quantileDraws = table.isResolved ? draws : 0;
  const p50 = new Float64Array(quantileDraws);
  const p95 = new Float64Array(quantileDraws);
  const p99 = new Float64Array(quantileDraws);
  const mean = new Float64Array(draws);
  const drawn = { avg_latency_p50: p50, avg_latency_p95: p95, avg_latency_p99: p99, avg_latency_mean: mean };
  if (draws === 0) return drawn;
  const { count, timed, timedMs, rows, cumulative } = blocksOf(table);
  const values = rows.map(valueOfBucket);
  const last = rows.length - 1;
  const searches = [p50, p95, p99].map((into, index) => {
    const q = QUANTILES[index] ?? 0.5;
    const middle = bucketBeyond(table.cumulative, Math.floor(q * (totalOf(table.cumulative) - 1)));
    return { q, into, row: rows.indexOf(middle) };
  });
  const weights = new Float64Array(count);
  for (let draw = 0; draw < draws; draw += 1) {
    drawAnew(weights, random);
    mean[draw] = weigh(timedMs, 0, weights) / weigh(timed, 0, weights);
    if (!table.isResolved) continue;
    const total = weigh(cumulative, last, weights);
    for (const search of searches) {
      const rank = Math.floor(search.q * (total - 1));
      let { row } = search;
      while (row > 0 && weigh(cumulative, row - 1, weights) > rank) row -= 1;
      // It has come down to where the row holds more than the rank, or it has to go up.
      if (row === search.row) while (row < last && weigh(cumulative, row, weights) <= rank) row += 1;
      search.row = row;
      search.into[draw] = values[row] ?? 0;
    }
  }
  return drawn;
}
