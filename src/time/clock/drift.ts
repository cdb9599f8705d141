/** How far true time was ahead of the raw clock at some moment. */
export interface DriftSample {
  readonly rawNs: bigint;
  /** True time minus raw monotonic time. */
  readonly offsetRawNs: bigint;
  readonly errorNs: bigint;
}

/** How much faster true time runs than the raw clock, with a 95 % confidence interval. */
export interface Drift {
  readonly ppm: number;
  readonly lowPpm: number;
  readonly highPpm: number;
  readonly samples: number;
}

export interface DriftOptions {
  readonly leastSamples: number;
  /** Over shorter spans the samples' noise outweighs any drift. */
  readonly leastSpanNs: bigint;
}

/**
 * Student's t for a two-sided 95 % interval, by degrees of freedom from 1; beyond the table, the normal distribution's.
 */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
];

function t95(freedom: number): number {
  return T95[freedom - 1] ?? 1.96 + 2.4 / freedom;
}

/** The kernel corrects a clock by no more than this, and no crystal is that bad: a greater value is not drift. */
const MOST_PPM = 500;
/** The ratio of standard deviation to median absolute deviation in a normal distribution. */
const MAD_TO_SIGMA = 1.4826;
const OUTLIER_SIGMAS = 3.5;

interface Point {
  /** Seconds since the first sample. */
  readonly x: number;
  /** Seconds of offset beyond the first sample's. */
  readonly y: number;
  readonly error: number;
}

function medianOf(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Up to this many points, all pairs are used. */
const ALL_PAIRS = 16;

/**
 * The median of the slopes of all pairs (Theil 1950, Sen 1968). For many points, only pairs half of the series
 * apart are used (Theil's incomplete method); all pairs of 128 points would take 5 ms. Tolerates a quarter of the
 * points being wrong.
 */
function theilSenSlope(points: readonly Point[]): number {
  const half = Math.ceil(points.length / 2);
  const lags = points.length > ALL_PAIRS ? [half] : points.keys().drop(1);
  const slopes: number[] = [];
  for (const lag of lags) {
    for (const [index, left] of points.slice(0, -lag).entries()) {
      const right = points[index + lag];
      if (right !== undefined && right.x !== left.x) slopes.push((right.y - left.y) / (right.x - left.x));
    }
  }
  return medianOf(Float64Array.from(slopes));
}

/** Points about as close to the robust line as the others are, or within their own stated error. */
function withoutOutliers(points: readonly Point[]): readonly Point[] {
  const slope = theilSenSlope(points);
  const rests = Float64Array.from(points, ({ x, y }) => y - slope * x);
  const intercept = medianOf(rests);
  const away = rests.map((rest) => Math.abs(rest - intercept));
  const limit = OUTLIER_SIGMAS * MAD_TO_SIGMA * medianOf(away);
  return points.filter(({ error }, index) => (away[index] ?? 0) <= Math.max(limit, error));
}

/**
 * Weighted least squares over samples of one raw clock, without outliers; weights are the inverse squares of the
 * error bounds. Null if there is too little data, or if the result is impossible for a clock.
 */
export function fitDrift(samples: readonly DriftSample[], options: DriftOptions): Drift | null {
  const [first] = samples;
  const leastSamples = Math.max(3, options.leastSamples);
  if (first === undefined || samples.length < leastSamples) return null;
  const points = withoutOutliers(
    samples.map(({ rawNs, offsetRawNs, errorNs }) => ({
      // Relative to the first sample, to be small enough for doubles.
      x: Number(rawNs - first.rawNs) / 1e9,
      y: Number(offsetRawNs - first.offsetRawNs) / 1e9,
      error: Math.max(1e-9, Number(errorNs) / 1e9),
    })),
  );
  const xs = points.map(({ x }) => x);
  const spanNs = (Math.max(...xs) - Math.min(...xs)) * 1e9;
  if (points.length < leastSamples || spanNs < Number(options.leastSpanNs)) return null;
  const drift = fitLine(points);
  return drift === null || Math.abs(drift.ppm) > MOST_PPM ? null : drift;
}

function fitLine(points: readonly Point[]): Drift | null {
  const weights = points.map(({ error }) => 1 / error ** 2);
  const weighted = (of: (point: Point) => number): number =>
    points.reduce((sum, point, index) => sum + (weights[index] ?? 0) * of(point), 0);
  const total = weighted(() => 1);
  const meanX = weighted(({ x }) => x) / total;
  const meanY = weighted(({ y }) => y) / total;
  const sxx = weighted(({ x }) => (x - meanX) ** 2);
  if (sxx === 0) return null;
  const slope = weighted(({ x, y }) => (x - meanX) * (y - meanY)) / sxx;
  const residuals = weighted(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2);
  const freedom = points.length - 2;
  const half = t95(freedom) * Math.sqrt(residuals / freedom / sxx);
  return {
    ppm: slope * 1e6,
    lowPpm: (slope - half) * 1e6,
    highPpm: (slope + half) * 1e6,
    samples: points.length,
  };
}
