/** A reading of how far true time was ahead of the raw clock. */
export interface DriftSample {
  readonly rawNs: bigint;
  /** True time minus raw monotonic time. */
  readonly offsetRawNs: bigint;
  readonly errorNs: bigint;
}

/** How much faster true time runs than the raw clock, with a 95 % interval. */
export interface Drift {
  readonly ppm: number;
  readonly lowPpm: number;
  readonly highPpm: number;
  readonly samples: number;
}

export interface DriftOptions {
  readonly leastSamples: number;
  /** Over a shorter time the noise of samples outweighs any drift. */
  readonly leastSpanNs: bigint;
}

/** Student's t for a two-sided 95 % interval, by degrees of freedom from 1 on; beyond the table the normal's. */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
];

function t95(freedom: number): number {
  return T95[freedom - 1] ?? 1.96 + 2.4 / freedom;
}

/**
 * Least squares over samples of one raw clock, each weighted by the inverse square of its error bound. Null while
 * there is too little to say.
 */
export function fitDrift(samples: readonly DriftSample[], options: DriftOptions): Drift | null {
  const [first] = samples;
  if (first === undefined || samples.length < Math.max(3, options.leastSamples)) return null;
  const points = samples.map(({ rawNs, offsetRawNs, errorNs }) => {
    const error = Math.max(1e-9, Number(errorNs) / 1e9);
    // Relative to the first sample, in seconds: small enough for doubles.
    return {
      x: Number(rawNs - first.rawNs) / 1e9,
      y: Number(offsetRawNs - first.offsetRawNs) / 1e9,
      weight: 1 / error ** 2,
    };
  });
  const xs = points.map(({ x }) => x);
  if ((Math.max(...xs) - Math.min(...xs)) * 1e9 < Number(options.leastSpanNs)) return null;
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  const meanX = points.reduce((sum, { x, weight }) => sum + x * weight, 0) / total;
  const meanY = points.reduce((sum, { y, weight }) => sum + y * weight, 0) / total;
  let sxx = 0;
  let sxy = 0;
  for (const { x, y, weight } of points) {
    sxx += weight * (x - meanX) ** 2;
    sxy += weight * (x - meanX) * (y - meanY);
  }
  if (sxx === 0) return null;
  const slope = sxy / sxx;
  const residuals = points.reduce(
    (sum, { x, y, weight }) => sum + weight * (y - meanY - slope * (x - meanX)) ** 2,
    0,
  );
  const freedom = points.length - 2;
  const half = t95(freedom) * Math.sqrt(residuals / freedom / sxx);
  return {
    ppm: slope * 1e6,
    lowPpm: (slope - half) * 1e6,
    highPpm: (slope + half) * 1e6,
    samples: points.length,
  };
}
