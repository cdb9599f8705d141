import { HOUR_MS } from "../../log/vocabulary.ts";
import type { HourTable } from "../../store/hour-table.ts";
import { BUCKET_LIMIT } from "../../store/sketch.ts";
import type { Latency } from "../latency.ts";
import type { NodeData, Window } from "../load.ts";
import type { Question } from "../metric.ts";

/**
 * A node's value in one metric, and what each hour of the window contributes to it: the influence of its operations.
 * This way a share, a mean and a quantile are all judged alike, and hours with few operations have little effect.
 */
export interface HourlySeries {
  /** A share (0 to 1), or the natural logarithm of milliseconds. */
  readonly value: number;
  /** By hour of the window: the number of operations … */
  readonly weight: Float64Array;
  /** … and how far they pull the value, times their number. The sum is 0. */
  readonly pull: Float64Array;
  /** 1 for hours in which the log has lines. */
  readonly covered: Uint8Array;
  /** The variance of the value due to chance alone, if all hours were alike. */
  readonly leastVariance: number;
}

/** A quantile is not judged with fewer operations beyond it than this. */
const LEAST_BEYOND = 20;

/** The hours of the window in order of time, and the index of each. */
export interface HourGrid {
  readonly length: number;
  placeOf(startMs: number): number;
}

export function hourGrid({ sinceMs, untilMs }: Window): HourGrid {
  const first = Math.floor(sinceMs / HOUR_MS);
  return {
    length: Math.ceil(untilMs / HOUR_MS) - first,
    placeOf: (startMs) => Math.floor(startMs / HOUR_MS) - first,
  };
}

/** A node's hours, and their places in the grid. */
interface Placed {
  readonly hours: HourTable;
  readonly length: number;
  /** The index of each hour in the grid. */
  readonly places: Int32Array;
  /** Shared by all series of the node, so that caches can use it as a key. */
  readonly covered: Uint8Array;
}

function placed(hours: HourTable, grid: HourGrid): Placed {
  const places = new Int32Array(hours.length);
  const covered = new Uint8Array(grid.length);
  for (let hour = 0; hour < places.length; hour += 1) {
    const place = grid.placeOf(hours.startMs[hour] ?? 0);
    places[hour] = place;
    covered[place] = 1;
  }
  return { hours, length: grid.length, places, covered };
}

/** The operations of each hour, and their pull: `sums` minus `expected` for each operation. */
function pulled(
  { length, places, covered }: Placed,
  counts: Float64Array,
  { sums, expected }: { sums: Float64Array; expected: number },
): Pick<HourlySeries, "weight" | "pull" | "covered"> {
  const weight = new Float64Array(length);
  const pull = new Float64Array(length);
  for (let hour = 0; hour < places.length; hour += 1) {
    const place = places[hour] ?? 0;
    const count = counts[hour] ?? 0;
    weight[place] = count;
    pull[place] = (sums[hour] ?? 0) - expected * count;
  }
  return { weight, pull, covered };
}

function shareSeries(of: Placed, question: Extract<Question, { type: "share" }>): HourlySeries | null {
  const counts = of.hours.trials(question.kind);
  const sums = of.hours.counts(question.kind, question.outcome);
  const trials = of.hours.trialsTotal(question.kind);
  const successes = of.hours.countsTotal(question.kind, question.outcome);
  if (trials === 0) return null;
  const value = successes / trials;
  // One success and one failure are added, so that no failures among a hundred do not count as certainty.
  // Source: Agresti & Caffo, Am. Stat. 54, 2000.
  const share = (successes + 1) / (trials + 2);
  const columns = pulled(of, counts, { sums, expected: value });
  return { value, ...columns, leastVariance: (share * (1 - share)) / (trials + 2) };
}

function meanSeries(of: Placed, meanMs: number | null): HourlySeries | null {
  if (meanMs === null || meanMs <= 0) return null;
  const sums = of.hours.timedMs().map((ms) => ms / meanMs);
  const columns = pulled(of, of.hours.timed(), { sums, expected: 1 });
  return { value: Math.log(meanMs), ...columns, leastVariance: 0 };
}

/** A quantile's place in the summed sketch, and the density of operations around it. */
interface QuantilePlace {
  readonly share: number;
  readonly value: number;
  readonly bucket: number;
  /** The fraction of the bucket's operations that count as below the quantile. */
  readonly fraction: number;
  /** The share of the operations per unit of the logarithm. */
  readonly density: number;
}

function placeOf(latency: Latency, share: number): QuantilePlace | null {
  const { total } = latency;
  if (total * Math.min(share, 1 - share) < LEAST_BEYOND) return null;
  const { log, bucket, fraction } = latency.logQuantile(share);
  // Half of the share beyond the quantile, and at most a tenth: near enough that the slope is still that of the
  // quantile.
  const reach = Math.min(0.1, (1 - share) / 2);
  const spread = latency.logQuantile(share + reach).log - latency.logQuantile(share - reach).log;
  return spread <= 0 ? null : { share, value: log, bucket, fraction, density: (2 * reach) / spread };
}

/** A series for each quantile, from each hour's operations up to its bucket; one pass over all sketches. */
function quantileSeries(of: Placed, places: readonly QuantilePlace[], total: number): HourlySeries[] {
  const { hours } = of;
  const edges = new Set([BUCKET_LIMIT - 1, ...places.flatMap(({ bucket }) => [bucket - 1, bucket])]);
  const buckets = [...edges].toSorted((a, b) => a - b);
  const width = buckets.length;
  const upTo = hours.upTo(buckets);
  return places.map(({ share, value, bucket, fraction, density }) => {
    const column = buckets.indexOf(bucket);
    const before = buckets.indexOf(bucket - 1);
    const all = new Float64Array(hours.length);
    const sums = new Float64Array(hours.length);
    for (let hour = 0, row = 0; hour < hours.length; hour += 1, row += width) {
      const below = upTo[row + before] ?? 0;
      all[hour] = upTo[row + width - 1] ?? 0;
      sums[hour] = -(below + fraction * ((upTo[row + column] ?? 0) - below)) / density;
    }
    const columns = pulled(of, all, { sums, expected: -share / density });
    return { value, ...columns, leastVariance: (share * (1 - share)) / (total * density * density) };
  });
}

/** A series for each question; null if the log does not answer it. */
export function hourlySeries(
  questions: readonly Question[],
  from: { readonly data: NodeData; readonly latency: Latency },
  grid: HourGrid,
): (HourlySeries | null)[] {
  const of = placed(from.data.hours, grid);
  const places = questions.map((question) =>
    question.type === "quantile" && from.latency.isResolved ? placeOf(from.latency, question.share) : null,
  );
  const found = places.filter((place) => place !== null);
  const ofQuantiles = found.length === 0 ? [] : quantileSeries(of, found, from.latency.total);
  return questions.map((question, index) => {
    switch (question.type) {
      case "share":
        return shareSeries(of, question);
      case "mean":
        return meanSeries(of, from.latency.meanMs);
      case "quantile": {
        const place = places[index];
        return place == null ? null : (ofQuantiles[found.indexOf(place)] ?? null);
      }
    }
  });
}
