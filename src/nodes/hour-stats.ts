import type { Summary } from "./rollup.ts";
import { KIND_COUNTS } from "./rollup.ts";
import { VarintReader } from "./varint.ts";
import { LEVELS } from "./vocabulary.ts";

/** One hour of a node, as the comparison reads it: the sketch as sparse columns. */
export interface HourStats {
  readonly startMs: number;
  /** Kind × 3 + outcome. */
  readonly counts: Float64Array;
  readonly levels: Float64Array;
  readonly timed: number;
  readonly timedMs: number;
  readonly coarse: number;
  /** Infinity and -Infinity where the hour has no line. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Ascending. */
  readonly buckets: readonly number[];
  readonly bucketCounts: readonly number[];
}

/** Reads what rollup.encodeSummary wrote. */
export function readHourStats(startMs: number, bytes: Uint8Array): HourStats {
  const reader = new VarintReader(bytes);
  const counts = new Float64Array(KIND_COUNTS);
  for (let index = 0; index < KIND_COUNTS; index += 1) counts[index] = reader.unsigned();
  const levels = new Float64Array(LEVELS.length);
  for (let index = 0; index < LEVELS.length; index += 1) levels[index] = reader.unsigned();
  const timed = reader.unsigned();
  const timedMs = reader.unsigned();
  const coarse = reader.unsigned();
  const hasLines = reader.unsigned() === 1;
  const firstMs = reader.signed();
  const lastMs = firstMs + reader.unsigned();
  const buckets: number[] = [];
  const bucketCounts: number[] = [];
  let bucket = 0;
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    bucket += reader.unsigned();
    buckets.push(bucket);
    bucketCounts.push(reader.unsigned());
  }
  return {
    startMs,
    counts,
    levels,
    timed,
    timedMs,
    coarse,
    firstMs: hasLines ? firstMs : Infinity,
    lastMs: hasLines ? lastMs : -Infinity,
    buckets,
    bucketCounts,
  };
}

export function hourStatsOf(startMs: number, summary: Summary): HourStats {
  const buckets = [...summary.sketch.buckets.keys()].toSorted((a, b) => a - b);
  return {
    startMs,
    counts: summary.counts,
    levels: summary.levels,
    timed: summary.timed,
    timedMs: summary.timedMs,
    coarse: summary.coarse,
    firstMs: summary.firstMs,
    lastMs: summary.lastMs,
    buckets,
    bucketCounts: buckets.map((bucket) => summary.sketch.buckets.get(bucket) ?? 0),
  };
}
