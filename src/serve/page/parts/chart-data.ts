interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** The number of its colour, 1 to 6. */
  readonly color: number;
}

export interface ChartData {
  /** Unix seconds, ascending. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** An interval around the first series: its lower and upper edges. */
  readonly band: {
    readonly low: readonly (number | null)[];
    readonly high: readonly (number | null)[];
  } | null;
}

/** Points further apart than this many median steps have a gap between them. */
const GAP = 3;

function medianStep(times: readonly number[]): number {
  const steps = times.slice(1).map((time, at) => time - (times[at] ?? time));
  return steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
}

/** Inserts an empty point into each gap in the measurements, so that no line is drawn across it. */
export function withGaps({ times, series, band }: ChartData): ChartData {
  const longest = medianStep(times) * GAP;
  const order: (number | null)[] = [];
  const kept: number[] = [];
  for (const [at, time] of times.entries()) {
    const before = times[at - 1];
    if (before !== undefined && longest > 0 && time - before > longest) {
      kept.push((before + time) / 2);
      order.push(null);
    }
    kept.push(time);
    order.push(at);
  }
  const spread = (values: readonly (number | null)[]): (number | null)[] =>
    order.map((at) => (at === null ? null : (values[at] ?? null)));
  return {
    times: kept,
    series: series.map((one) => ({ ...one, values: spread(one.values) })),
    band: band === null ? null : { low: spread(band.low), high: spread(band.high) },
  };
}

/** Moves overlapping labels apart by as little as necessary. */
export function apart(heights: readonly number[], least: number, bottom: number): number[] {
  const order = heights.map((height, at) => ({ height, at })).toSorted((a, b) => a.height - b.height);
  let lowest = -Infinity;
  for (const label of order) {
    label.height = Math.max(label.height, lowest + least);
    lowest = label.height;
  }
  // Labels pushed below the bottom push the others up again.
  let highest = bottom;
  for (const label of order.toReversed()) {
    label.height = Math.min(label.height, highest);
    highest = label.height - least;
  }
  return order.toSorted((a, b) => a.at - b.at).map(({ height }) => height);
}
