import { quickStudentTail } from "./student.ts";

/**
 * How certain the mean of an hourly series is when neighbouring hours may be correlated.
 *
 * The cosine transforms of the series are independent, each with the variance given by the spectrum at its frequency;
 * the mean is the transform at frequency 0. So the low frequencies show how the mean varies, if it is known how the
 * spectrum continues towards 0: flat if hours are independent, steep if they are correlated. A week of hours cannot
 * show that. So every p-value is an average over models, each weighted by how well it explains the transforms: white
 * noise, and white noise plus a first-order autoregression of several persistences and sizes. Choosing one model, as a
 * lag-one correlation does, called equal nodes different in 80% of weeks where persistent hours (0.95) were half hidden
 * in sampling noise.
 *
 * Sources: Müller, "HAC corrections for strongly autocorrelated time series", JBES 32, 2014 (low-frequency transforms,
 * averages over persistences); Whittle 1953 (the likelihood); Lazarus, Lewis, Stock & Watson, JBES 36, 2018 (cosine
 * basis, Student quantiles).
 */

/** Correlations of neighbouring hours in the persistent part. */
const CORRELATIONS = [0.5, 0.7, 0.8, 0.87, 0.92, 0.95, 0.97, 0.98];
/** The persistent share of an hour's variance; the rest is white noise, such as sampling noise. */
const SHARES = [0.1, 0.3, 0.6, 0.85, 0.96, 1];
/** The prior probability of independent hours; the other models share the rest … */
const WHITE_PRIOR = 0.6;
/**
 * … in proportion to (1 − ρ) to this power for persistence ρ: the longer the memory, the rarer. Tuned with
 * bench/verdicts.ts.
 */
const MEMORY_PRIOR = 0.25;
const PERSISTENT_PRIOR =
  (1 - WHITE_PRIOR) /
  CORRELATIONS.reduce((sum, correlation) => sum + (1 - correlation) ** MEMORY_PRIOR * SHARES.length, 0);
/** The number of frequencies that show how long hours stay correlated. */
const MOST_FREQUENCIES = 128;
/**
 * Up to a week, a mean is judged by all of these; with more hours by fewer, down to this number. High frequencies say
 * nothing about the mean: 48 judge a month more sharply than 128 (bench/verdicts.ts).
 */
const LEAST_FREQUENCIES = 48;
const FULL_HOURS = 168;
/** Models with less weight than this do not change a p-value noticeably. */
const LEAST_WEIGHT = 1e-7;
/** Blocks of this many correlation times are practically independent; for white noise, blocks of this many hours. */
const BLOCK = 4;

interface Model {
  /** 1 / spectrum in each band, scaled so that the spectrum at 0 is 1. */
  readonly inverse: Float64Array;
  /** The sum of the spectrum's logarithm over all frequencies. */
  readonly logSum: number;
  readonly prior: number;
  /** The length in hours of a block that outlasts the correlation. */
  readonly blockHours: number;
}

interface Basis {
  /**
   * Transform k+1 of a series is its product with row k. The rows are alternately antisymmetric and symmetric about the
   * middle hour, so only half of each is kept. The symmetric ones are the rows of a series half as long.
   */
  readonly rows: readonly Float64Array[];
  /** The first frequency of each band, followed by the number of frequencies. */
  readonly bands: Int32Array;
  readonly models: readonly Model[];
}

/**
 * The width of a band, as a part of its frequency. Even the steepest spectrum here changes by less than a quarter
 * within it.
 */
const BAND = 1 / 8;

/** The lowest frequencies one by one, then bands: for the models, neighbouring high frequencies are all alike. */
function bandsOf(frequencies: number): Int32Array {
  const starts: number[] = [];
  for (let at = 0; at < frequencies; at += Math.max(1, Math.floor(at * BAND))) starts.push(at);
  return Int32Array.of(...starts, frequencies);
}

/** Cached, by hours and frequencies. */
const bases = new Map<string, Basis>();

/** A model's spectrum in each band, taken at the band's middle frequency. @param cosines of the middle frequencies. */
function modelOf(bands: Int32Array, cosines: Float64Array, correlation: number, share: number): Model {
  const inverse = new Float64Array(cosines.length);
  // The persistent part's share of the spectrum at 0, which is larger than its share of the variance.
  const slow = (share * (1 + correlation)) / (1 - correlation);
  const slowShare = slow / (slow + 1 - share);
  const atZero = slowShare * (1 - correlation) ** 2;
  const square = 1 + correlation * correlation;
  let logSum = 0;
  for (let band = 0; band < inverse.length; band += 1) {
    const spectrum = 1 - slowShare + atZero / (square - 2 * correlation * (cosines[band] ?? 0));
    inverse[band] = 1 / spectrum;
    logSum += Math.log(spectrum) * ((bands[band + 1] ?? 0) - (bands[band] ?? 0));
  }
  const prior = correlation === 0 ? WHITE_PRIOR : PERSISTENT_PRIOR * (1 - correlation) ** MEMORY_PRIOR;
  return {
    inverse,
    logSum,
    prior,
    blockHours: BLOCK * (1 + (slowShare * 2 * correlation) / (1 - correlation)),
  };
}

/** How many frequencies are used to judge the mean of this many hours … */
export function meanFrequencies(hours: number): number {
  const beyond = Math.round((MOST_FREQUENCIES * FULL_HOURS) / hours);
  return Math.min(memoryFrequencies(hours), Math.max(LEAST_FREQUENCIES, beyond));
}

/** … and how many to estimate the length of a block. */
export function memoryFrequencies(hours: number): number {
  return Math.min(hours - 1, MOST_FREQUENCIES);
}

/** Cosines and models depend only on these two numbers, so all questions of a comparison share them. */
function basisOf(hours: number, frequencies: number): Basis {
  const key = `${hours} ${frequencies}`;
  const known = bases.get(key);
  if (known !== undefined) return known;
  const period = 4 * hours;
  const cosines = new Float64Array(period);
  const scale = Math.sqrt(2 / hours);
  for (let at = 0; at < period; at += 1) cosines[at] = scale * Math.cos((2 * Math.PI * at) / period);
  const half = Math.ceil(hours / 2);
  const rows: Float64Array[] = [];
  for (let k = 1; k <= frequencies; k += 1) {
    const row = new Float64Array(half);
    for (let hour = 0, at = k; hour < half; hour += 1) {
      row[hour] = cosines[at] ?? 0;
      at += 2 * k;
      while (at >= period) at -= period;
    }
    rows.push(row);
  }
  const bands = bandsOf(frequencies);
  const middles = Float64Array.from({ length: bands.length - 1 }, (_, band) =>
    Math.cos((Math.PI * ((bands[band] ?? 0) + (bands[band + 1] ?? 0) + 1)) / (2 * hours)),
  );
  const models = [modelOf(bands, middles, 0, 1)];
  for (const correlation of CORRELATIONS) {
    for (const share of SHARES) models.push(modelOf(bands, middles, correlation, share));
  }
  const basis = { rows, bands, models };
  bases.set(key, basis);
  return basis;
}

/** How far the mean of an hourly series may be from the truth. */
export interface MeanSpread {
  /** The two-sided probability of a mean at least this far from the truth. */
  tail(distance: number): number;
  /** The distance exceeded with probability `level`. */
  distance(level: number): number;
  /** Hours that are worth one independent observation: a block that outlasts the correlation. */
  readonly blockHours: number;
}

/** Fewer hours than this do not show how they are correlated: six blocks of independent hours. */
export const LEAST_HOURS = 24;

/**
 * The transforms of a series at the low frequencies. They are linear: the transforms of a difference are the difference
 * of the transforms.
 *
 * The series is folded about its middle. The differences of both halves give every other transform; their sums are a
 * series half as long, whose transforms are the others (Chen, Smith & Fralick, IEEE Trans. Commun. 25, 1977).
 *
 * @param hourly contributions to the mean, in order of time; at least LEAST_HOURS.
 */
export function cosineTransform(hourly: Float64Array, frequencies: number): Float64Array {
  const { rows } = basisOf(hourly.length, frequencies);
  const transforms = new Float64Array(rows.length);
  let folded = hourly;
  for (let step = 1; step <= rows.length; step *= 2) {
    const { length } = folded;
    const half = length >> 1;
    const sums = new Float64Array(length - half);
    const differences = new Float64Array(half);
    for (let hour = 0; hour < half; hour += 1) {
      const early = folded[hour] ?? 0;
      const late = folded[length - 1 - hour] ?? 0;
      sums[hour] = early + late;
      differences[hour] = early - late;
    }
    for (let k = step; k <= rows.length; k += 2 * step) transforms[k - 1] = product(differences, rows[k - 1]);
    if (length % 2 === 1) {
      // An odd length ends the folding: the middle hour is 0 in every antisymmetric row.
      sums[half] = folded[half] ?? 0;
      for (let k = 2 * step; k <= rows.length; k += 2 * step) transforms[k - 1] = product(sums, rows[k - 1]);
      break;
    }
    folded = sums;
  }
  return transforms;
}

/** The scalar product over the length of `a`, in four sums that do not wait for each other. */
function product(a: Float64Array, b: Float64Array | undefined): number {
  if (b === undefined) return 0;
  const { length } = a;
  const whole = length - (length % 4);
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let at = 0; at < whole; at += 4) {
    first += (a[at] ?? 0) * (b[at] ?? 0);
    second += (a[at + 1] ?? 0) * (b[at + 1] ?? 0);
    third += (a[at + 2] ?? 0) * (b[at + 2] ?? 0);
    fourth += (a[at + 3] ?? 0) * (b[at + 3] ?? 0);
  }
  for (let at = whole; at < length; at += 1) first += (a[at] ?? 0) * (b[at] ?? 0);
  return first + second + (third + fourth);
}

/** The sum of the squares in each band. */
function powersOf(cosines: Float64Array, bands: Int32Array): Float64Array {
  const powers = new Float64Array(bands.length - 1);
  for (let band = 0; band < powers.length; band += 1) {
    const end = bands[band + 1] ?? 0;
    let sum = 0;
    for (let at = bands[band] ?? 0; at < end; at += 1) sum += (cosines[at] ?? 0) ** 2;
    powers[band] = sum;
  }
  return powers;
}

/**
 * @param cosines the transforms of the series whose mean is judged.
 * @param hours the length of the series.
 * @param leastVariance of the mean: that of chance alone, for series with few events, which would otherwise show too
 * little.
 */
export function meanSpread(cosines: Float64Array, hours: number, leastVariance: number): MeanSpread {
  const freedom = cosines.length;
  const { models, bands } = basisOf(hours, freedom);
  const powers = powersOf(cosines, bands);
  // Columns and plain loops: this runs only some hundred times in a command, too seldom to be optimised by the
  // compiler.
  const weights = new Float64Array(models.length);
  const errors = new Float64Array(models.length);
  let best = -Infinity;
  for (let at = 0; at < models.length; at += 1) {
    const model = models[at];
    if (model === undefined) break;
    const atZero = product(powers, model.inverse) / freedom;
    // Without any variance, every model fits.
    const logLikelihood = atZero === 0 ? 0 : -0.5 * (freedom * Math.log(atZero) + model.logSum);
    if (logLikelihood > best) best = logLikelihood;
    weights[at] = logLikelihood;
    errors[at] = Math.sqrt(Math.max(atZero / hours, leastVariance));
  }
  let total = 0;
  for (let at = 0; at < weights.length; at += 1) {
    const weight = (models[at]?.prior ?? 0) * Math.exp((weights[at] ?? 0) - best);
    weights[at] = weight;
    total += weight;
  }
  let count = 0;
  let largest = 0;
  let inverseBlock = 0;
  for (let at = 0; at < weights.length; at += 1) {
    const weight = (weights[at] ?? 0) / total;
    if (!(weight > LEAST_WEIGHT)) continue;
    const error = errors[at] ?? 0;
    weights[count] = weight;
    errors[count] = error;
    largest = Math.max(largest, error);
    inverseBlock += weight / (models[at]?.blockHours ?? 1);
    count += 1;
  }
  const tailOf = quickStudentTail(freedom);
  const tail = (distance: number): number => {
    let sum = 0;
    for (let at = 0; at < count; at += 1) {
      const error = errors[at] ?? 0;
      sum += (weights[at] ?? 0) * (error === 0 ? Number(distance === 0) : tailOf(distance / error));
    }
    return Math.min(1, sum);
  };
  return { tail, distance: (level) => distanceAt(level, tail, largest), blockHours: 1 / inverseBlock };
}

/** Finds where the tail falls to `level`, by secants of its logarithm, which is nearly straight, within brackets. */
function distanceAt(level: number, tail: (distance: number) => number, scale: number): number {
  if (scale === 0) return 0;
  const wanted = Math.log(level);
  const excess = (distance: number): number => Math.log(Math.max(tail(distance), Number.MIN_VALUE)) - wanted;
  let [near, above] = [0, -wanted];
  let [far, below] = [scale, excess(scale)];
  while (below > 0) {
    [near, above] = [far, below];
    far *= 2;
    below = excess(far);
  }
  for (let round = 0; round < 60 && far - near > far * 1e-9; round += 1) {
    const secant = near + ((far - near) * above) / (above - below);
    // If secants approach from one end only, halving is faster.
    const next = round % 3 === 2 ? (near + far) / 2 : secant;
    const value = excess(next);
    if (Math.abs(value) < 1e-10) return next;
    if (value > 0) [near, above] = [next, value];
    else [far, below] = [next, value];
  }
  return far;
}
