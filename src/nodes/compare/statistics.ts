/** An interval's ends; shares are 0 to 1. */
export type Interval = readonly [low: number, high: number];

const Z_95 = 1.959963984540054;

/** Successes and trials, after the division by the design effect: not whole any more. */
export interface Proportion {
  readonly successes: number;
  readonly trials: number;
}

/** The standard normal distribution function; error below 1e-7. Source: Abramowitz & Stegun 26.2.17. */
export function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const tail =
    density *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}

/** Two-sided p-value of a normal deviate. */
export function twoSided(z: number): number {
  return Math.min(1, 2 * (1 - normalCdf(Math.abs(z))));
}

/** Wilson's score interval for one share. Source: Wilson, JASA 22, 1927; Brown, Cai & DasGupta 2001. */
export function wilson({ successes, trials }: Proportion, z: number = Z_95): Interval {
  if (trials <= 0) return [0, 1];
  const share = successes / trials;
  const z2 = z * z;
  const centre = share + z2 / (2 * trials);
  const half = z * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  const scale = 1 + z2 / trials;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}

/** A share with its interval at a given z: what a difference is made of. */
export interface Estimate {
  readonly share: number;
  interval(z: number): Interval;
}

export function estimateOf(proportion: Proportion): Estimate {
  return {
    share: proportion.trials > 0 ? proportion.successes / proportion.trials : Number.NaN,
    interval: (z) => wilson(proportion, z),
  };
}

/** The interval of a − b from the intervals of both: Newcombe's hybrid score, method 10 (Stat. Med. 17, 1998). */
export function differenceInterval(a: Estimate, b: Estimate, z: number = Z_95): Interval {
  const [lowA, highA] = a.interval(z);
  const [lowB, highB] = b.interval(z);
  const difference = a.share - b.share;
  return [
    difference - Math.hypot(a.share - lowA, highB - b.share),
    difference + Math.hypot(highA - a.share, b.share - lowB),
  ];
}

/** The p-value of a − b: the level at which the hybrid score interval just touches zero. */
export function differenceP(a: Estimate, b: Estimate): number {
  const difference = a.share - b.share;
  if (difference === 0 || Number.isNaN(difference)) return 1;
  const excludesZero = (z: number): boolean => {
    const [low, high] = differenceInterval(a, b, z);
    return low > 0 || high < 0;
  };
  let inside = 40;
  let outside = 0;
  if (excludesZero(inside)) return 0;
  for (let step = 0; step < 32; step += 1) {
    const z = (inside + outside) / 2;
    if (excludesZero(z)) outside = z;
    else inside = z;
  }
  return twoSided(outside);
}

/** Holm's step-down adjustment: p-values that may be compared with the level of the whole family. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).toSorted((a, b) => (pValues[a] ?? 1) - (pValues[b] ?? 1));
  const adjusted = pValues.map(() => 1);
  let floor = 0;
  order.forEach((index, rank) => {
    floor = Math.max(floor, Math.min(1, (pValues[index] ?? 1) * (pValues.length - rank)));
    adjusted[index] = floor;
  });
  return adjusted;
}

/** One hour's successes and trials. */
export interface Cluster {
  readonly successes: number;
  readonly trials: number;
}

/**
 * How much wider the hours make a share's variance than independent operations would: the ratio estimator's
 * between-hour variance over the binomial one, at least 1. Source: Kish 1965; Cochran 1977, 2.11.
 */
export function designEffect(hours: readonly Cluster[]): number {
  let successes = 0;
  let trials = 0;
  let count = 0;
  for (const hour of hours) {
    if (hour.trials === 0) continue;
    successes += hour.successes;
    trials += hour.trials;
    count += 1;
  }
  const share = successes / trials;
  if (count < 2 || share <= 0 || share >= 1) return 1;
  let squares = 0;
  for (const hour of hours) squares += (hour.successes - share * hour.trials) ** 2;
  const clustered = ((count / (count - 1)) * squares) / (trials * trials);
  return Math.max(1, clustered / ((share * (1 - share)) / trials));
}

/** Successes over trials, thinned to what the hours' spread leaves of them. */
export function effectiveProportion(hours: readonly Cluster[]): Proportion {
  const effect = designEffect(hours);
  let successes = 0;
  let trials = 0;
  for (const hour of hours) {
    successes += hour.successes;
    trials += hour.trials;
  }
  return { successes: successes / effect, trials: trials / effect };
}

/** The middle value; of an even count the mean of the two. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/**
 * The fleet's median share, with the medians of the members' ends as its interval: wider than the true one, so that
 * a verdict against it errs towards "no difference".
 */
export function medianEstimate(members: readonly Estimate[]): Estimate {
  return {
    share: median(members.map((member) => member.share)),
    interval: (z) => {
      const intervals = members.map((member) => member.interval(z));
      return [median(intervals.map(([low]) => low)), median(intervals.map(([, high]) => high))];
    },
  };
}
