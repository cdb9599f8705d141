import { HOUR_MS } from "../../log/vocabulary.ts";
import { addStoredSketch } from "../../store/stored-sketch.ts";
import type { HourStats } from "../../store/hour-stats.ts";
import { BUCKET_LIMIT } from "../../store/sketch.ts";
import type { Latency } from "../latency.ts";
import type { NodeData, Window } from "../load.ts";
import { countsOf } from "../measure.ts";
import type { Question } from "../metric.ts";

/**
 * A node's value in one metric, and what each hour of the window contributes to it: the influence of its operations, so
 * that a share, a mean and a quantile are all judged alike, and hours with few operations pull little.
 */
export interface HourlySeries {
  /** A share (0 to 1), or the natural logarithm of milliseconds. */
  readonly value: number;
  /** By hour of the window: operations … */
  readonly weight: Float64Array;
  /** … and how far they pull the value, times their number; the sum is 0. */
  readonly pull: Float64Array;
  /** 1 for the hours that the log has lines of. */
  readonly covered: Uint8Array;
  /** The variance that chance alone gives the value, hours being all alike. */
  readonly leastVariance: number;
}

/** Operations beyond a quantile, below which nothing is said about it. */
const LEAST_BEYOND = 20;

/** The hours of the window in the order of time, and the place of each. */
export interface HourGrid {
  readonly length: number;
  placeOf(hour: HourStats): number;
}

export function hourGrid({ sinceMs, untilMs }: Window): HourGrid {
  const first = Math.floor(sinceMs / HOUR_MS);
  return {
    length: Math.ceil(untilMs / HOUR_MS) - first,
    placeOf: ({ startMs }) => Math.floor(startMs / HOUR_MS) - first,
  };
}

/** A node's hours, and where they lie. */
interface Placed {
  readonly hours: readonly HourStats[];
  readonly grid: HourGrid;
  /** One for all series of the node: who has seen it once knows it again. */
  readonly covered: Uint8Array;
}

function columnsOf({ grid, covered }: Placed): Pick<HourlySeries, "weight" | "pull" | "covered"> {
  return { weight: new Float64Array(grid.length), pull: new Float64Array(grid.length), covered };
}

function shareSeries(placed: Placed, question: Extract<Question, { type: "share" }>): HourlySeries | null {
  const { hours, grid } = placed;
  const columns = columnsOf(placed);
  const { weight, pull } = columns;
  let trials = 0;
  let successes = 0;
  for (const hour of hours) {
    const counts = countsOf(hour, question.kind, question.outcome);
    trials += counts.trials;
    successes += counts.successes;
  }
  if (trials === 0) return null;
  const value = successes / trials;
  for (const hour of hours) {
    const counts = countsOf(hour, question.kind, question.outcome);
    const place = grid.placeOf(hour);
    weight[place] = counts.trials;
    pull[place] = counts.successes - value * counts.trials;
  }
  // One success and one failure more, so that none of a hundred failing does not stand for certainty.
  // Source: Agresti & Caffo, Am. Stat. 54, 2000.
  const share = (successes + 1) / (trials + 2);
  return { value, ...columns, leastVariance: (share * (1 - share)) / (trials + 2) };
}

function meanSeries(placed: Placed, meanMs: number | null): HourlySeries | null {
  if (meanMs === null || meanMs <= 0) return null;
  const { hours, grid } = placed;
  const columns = columnsOf(placed);
  for (const hour of hours) {
    const place = grid.placeOf(hour);
    columns.weight[place] = hour.timed;
    columns.pull[place] = hour.timedMs / meanMs - hour.timed;
  }
  return { value: Math.log(meanMs), ...columns, leastVariance: 0 };
}

/** A quantile's place in the summed sketch, and how densely operations lie around it. */
interface QuantilePlace {
  readonly share: number;
  readonly value: number;
  readonly bucket: number;
  /** Of the bucket's operations, those that count as below the quantile. */
  readonly fraction: number;
  /** Share of the operations per unit of the logarithm. */
  readonly density: number;
}

function placeOf(latency: Latency, share: number): QuantilePlace | null {
  const { total } = latency;
  if (total * Math.min(share, 1 - share) < LEAST_BEYOND) return null;
  const { log, bucket, fraction } = latency.logQuantile(share);
  // Half of what is beyond, and no more than a tenth: where the slope is still the quantile's.
  const reach = Math.min(0.1, (1 - share) / 2);
  const spread = latency.logQuantile(share + reach).log - latency.logQuantile(share - reach).log;
  return spread <= 0 ? null : { share, value: log, bucket, fraction, density: (2 * reach) / spread };
}

/** Each hour's operations below, in and between the quantiles' buckets: one pass over all sketches. */
function quantileSeries(placed: Placed, places: readonly QuantilePlace[], total: number): HourlySeries[] {
  const { hours, grid } = placed;
  const buckets = [...new Set(places.map(({ bucket }) => bucket))].toSorted((a, b) => a - b);
  // Regions: below the first bucket, in it, between it and the second …
  const regions = buckets.length * 2 + 1;
  const regionOf = new Int32Array(BUCKET_LIMIT);
  for (let bucket = 0, next = 0; bucket < BUCKET_LIMIT; bucket += 1) {
    const at = buckets[next];
    if (at === undefined || bucket < at) regionOf[bucket] = next * 2;
    else {
      regionOf[bucket] = next * 2 + 1;
      next += 1;
    }
  }
  const counts = new Float64Array(hours.length * regions);
  for (const [index, hour] of hours.entries()) {
    if (hour.timed > 0) addStoredSketch(hour.sketch, regionOf, counts, index * regions);
  }
  return places.map(({ share, value, bucket, fraction, density }) => {
    const columns = columnsOf(placed);
    const region = buckets.indexOf(bucket) * 2 + 1;
    for (const [index, hour] of hours.entries()) {
      let timed = 0;
      let below = 0;
      for (let at = 0; at < regions; at += 1) {
        const count = counts[index * regions + at] ?? 0;
        timed += count;
        if (at < region) below += count;
        else if (at === region) below += fraction * count;
      }
      const place = grid.placeOf(hour);
      columns.weight[place] = timed;
      columns.pull[place] = (share * timed - below) / density;
    }
    return { value, ...columns, leastVariance: (share * (1 - share)) / (total * density * density) };
  });
}

/** A series for each question, null where the log does not answer it. */
export function hourlySeries(
  questions: readonly Question[],
  from: { readonly data: NodeData; readonly latency: Latency },
  grid: HourGrid,
): (HourlySeries | null)[] {
  const { hours } = from.data;
  const covered = new Uint8Array(grid.length);
  for (const hour of hours) covered[grid.placeOf(hour)] = 1;
  const placed: Placed = { hours, grid, covered };
  const places = questions.map((question) =>
    question.type === "quantile" && from.latency.isResolved ? placeOf(from.latency, question.share) : null,
  );
  const found = places.filter((place) => place !== null);
  const ofQuantiles = found.length === 0 ? [] : quantileSeries(placed, found, from.latency.total);
  return questions.map((question, index) => {
    switch (question.type) {
      case "share":
        return shareSeries(placed, question);
      case "mean":
        return meanSeries(placed, from.latency.meanMs);
      case "quantile": {
        const place = places[index];
        return place == null ? null : (ofQuantiles[found.indexOf(place)] ?? null);
      }
    }
  });
}
