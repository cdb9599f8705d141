/** The quantile of ascending values, with linear interpolation (type 7 of Hyndman and Fan 1996). */
export function quantile(ascending: readonly number[], q: number): number {
  const position = (ascending.length - 1) * q;
  const below = ascending[Math.floor(position)];
  const above = ascending[Math.ceil(position)];
  if (below === undefined || above === undefined) {
    throw new RangeError(`Cannot take a quantile of ${ascending.length} values`);
  }
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((left, right) => left - right);
}

/**
 * A confidence interval for the median of the distribution that rounds are drawn from: between the k-th values from
 * either end, with the largest k that misses it by chance in at most 5 of 100 cases (order statistics, no assumption
 * about the distribution). Fewer than six rounds give less certainty: the least and the greatest of them.
 */
export function medianInterval(rounds: readonly number[]): { readonly low: number; readonly high: number } {
  const sorted = ascending(rounds);
  const count = sorted.length;
  // Twice the probability that fewer than k of the rounds fall below the median.
  let outside = 2 * 0.5 ** count;
  let term = outside;
  let k = 1;
  while (k < count / 2) {
    term *= (count - k + 1) / k;
    outside += term;
    if (outside > 0.05) break;
    k += 1;
  }
  const [low, high] = [sorted[k - 1], sorted[count - k]];
  if (low === undefined || high === undefined) throw new RangeError("Cannot tell the interval of no rounds");
  return { low, high };
}

export interface Summary {
  readonly median: number;
  /** 99 of 100 samples are at least this good. */
  readonly p99: number;
  /** The middle half of the samples lies between `low` and `high`. */
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** @param rate more is better, so the 99th percentile is counted from the other end. */
export function summarise(values: readonly number[], rate: boolean): Summary {
  const sorted = ascending(values);
  return {
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, rate ? 0.01 : 0.99),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    samples: sorted.length,
  };
}

/** Reduces a series to at most `points` values: the medians of stretches of equal length. */
export function thin(values: readonly number[], points: number): number[] {
  if (values.length <= points) return [...values];
  return Array.from({ length: points }, (_, index) => {
    const from = Math.floor((index * values.length) / points);
    const to = Math.floor(((index + 1) * values.length) / points);
    return median(values.slice(from, to));
  });
}

/** How many times better `after` is than `before`. */
export function improvement(before: number, after: number, rate: boolean): number {
  return rate ? after / before : before / after;
}
