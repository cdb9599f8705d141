import { quickStudentTail } from "./student.ts";

/**
 * How sure the mean of an hourly series is, when neighbouring hours may be alike.
 *
 * The series' cosine transforms are independent, each with the variance that the series' spectrum has at its frequency;
 * the mean is the transform at frequency 0. So the low frequencies tell how the mean varies, if one knows how the
 * spectrum goes on towards 0: flat where hours are independent, steep where they hang together. That is what no one
 * knows from a week of hours. So every p-value is the average over models of it, each weighted by how well it explains
 * the transforms: white noise, and white noise with a first-order autoregression of several persistences and sizes.
 * Choosing one model, as a lag-one correlation does, called equal nodes different in 80% of weeks where persistent hours
 * (0.95) were half hidden in sampling noise.
 *
 * Sources: Müller, "HAC corrections for strongly autocorrelated time series", JBES 32, 2014 (low-frequency transforms,
 * averages over persistences); Whittle 1953 (the likelihood); Lazarus, Lewis, Stock & Watson, JBES 36, 2018 (cosine
 * basis, Student quantiles).
 */

/** Correlations of neighbouring hours, of the persistent part. */
const CORRELATIONS = [0.5, 0.7, 0.8, 0.87, 0.92, 0.95, 0.97, 0.98];
/** The persistent part of an hour's variance; the rest is white, as what chance makes of so many operations is. */
const SHARES = [0.1, 0.3, 0.6, 0.85, 0.96, 1];
/** How likely independent hours are before the data is seen; the rest is shared by the other models … */
const WHITE_PRIOR = 0.6;
/** … those of a persistence ρ by (1 − ρ) to this power: the longer the memory, the rarer. Found by bench/verdicts.ts. */
const MEMORY_PRIOR = 0.25;
const PERSISTENT_PRIOR =
  (1 - WHITE_PRIOR) /
  CORRELATIONS.reduce((sum, correlation) => sum + (1 - correlation) ** MEMORY_PRIOR * SHARES.length, 0);
/** Frequencies that tell how far an hour's memory goes. */
const MOST_FREQUENCIES = 128;
/**
 * A mean is judged by all of them up to a week, and by fewer where hours are more, down to these: what is not slow tells
 * nothing of the mean, and a month is judged more sharply by 48 than by 128 (bench/verdicts.ts).
 */
const LEAST_FREQUENCIES = 48;
const FULL_HOURS = 168;
/** Models below this weight change no p-value that matters. */
const LEAST_WEIGHT = 1e-7;
/** Blocks of this many correlation times are as good as independent; of white noise, this many hours. */
const BLOCK = 4;

interface Model {
  /** 1 / spectrum in each band, where the spectrum at 0 is 1. */
  readonly inverse: Float64Array;
  /** Of the spectrum's logarithm over all frequencies. */
  readonly logSum: number;
  readonly prior: number;
  /** Hours of a block that is longer than the correlation lasts. */
  readonly blockHours: number;
}

interface Basis {
  /**
   * Row by row: transform k+1 of a series is its product with row k. The rows are symmetric about the middle hour, in
   * turn antisymmetric and symmetric, so that half of each is kept; and the symmetric ones are those of a series half as long.
   */
  readonly rows: readonly Float64Array[];
  /** Where each band of frequencies begins, and behind the last one their number. */
  readonly bands: Int32Array;
  readonly models: readonly Model[];
}

/** A spectrum that falls as fast as any here changes by less than a quarter over so large a part of a frequency. */
const BAND = 1 / 8;

/** The lowest frequencies one by one, then bands: all that the models say of neighbours among the high ones is the same. */
function bandsOf(frequencies: number): Int32Array {
  const starts: number[] = [];
  for (let at = 0; at < frequencies; at += Math.max(1, Math.floor(at * BAND))) starts.push(at);
  return Int32Array.of(...starts, frequencies);
}

/** By hours and frequencies. */
const bases = new Map<string, Basis>();

/** A model's spectrum in each band, that of its middle frequency standing for all. @param cosines of those frequencies. */
function modelOf(bands: Int32Array, cosines: Float64Array, correlation: number, share: number): Model {
  const inverse = new Float64Array(cosines.length);
  // Of the spectrum at 0, where the persistent part has so much more of it.
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

/** How many frequencies are looked at to judge the mean of so many hours … */
export function meanFrequencies(hours: number): number {
  const beyond = Math.round((MOST_FREQUENCIES * FULL_HOURS) / hours);
  return Math.min(memoryFrequencies(hours), Math.max(LEAST_FREQUENCIES, beyond));
}

/** … and how many to see how long a block is. */
export function memoryFrequencies(hours: number): number {
  return Math.min(hours - 1, MOST_FREQUENCIES);
}

/** Cosines and models depend on these two numbers alone: all questions of a comparison share them. */
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

/** What is known of the mean of an hourly series: how far it may be from the truth. */
export interface MeanSpread {
  /** P of a mean at least as far from the truth, either way. */
  tail(distance: number): number;
  /** The distance that is passed with the probability `level`. */
  distance(level: number): number;
  /** Hours that are one independent observation's worth, blocks as long as the correlation lasts. */
  readonly blockHours: number;
}

/** Fewer hours than this tell nothing of how hours hang together: six blocks of independent ones. */
export const LEAST_HOURS = 24;

/**
 * The transforms of a series at the low frequencies, linear in the series: those of a difference are the difference of
 * those of both.
 *
 * A series is folded about its middle: differences of both halves give every other transform, and their sums are a series
 * half as long, whose transforms are the others (Chen, Smith & Fralick, IEEE Trans. Commun. 25, 1977).
 *
 * @param hourly contributions to the mean, in the order of time; at least LEAST_HOURS.
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
      // The middle hour, which every antisymmetric row has a 0 for, ends the folding.
      sums[half] = folded[half] ?? 0;
      for (let k = 2 * step; k <= rows.length; k += 2 * step) transforms[k - 1] = product(sums, rows[k - 1]);
      break;
    }
    folded = sums;
  }
  return transforms;
}

/** Of as many numbers as the first has; four sums at a time, none of which waits for another. */
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
 * @param cosines the transforms of the series whose mean is asked about.
 * @param hours how many the series has.
 * @param leastVariance of the mean: what chance alone makes of so many operations, for series whose few events say less.
 */
export function meanSpread(cosines: Float64Array, hours: number, leastVariance: number): MeanSpread {
  const freedom = cosines.length;
  const { models, bands } = basisOf(hours, freedom);
  const powers = powersOf(cosines, bands);
  // Columns and plain loops: all this runs some hundred times in a command, too seldom to be compiled well.
  const weights = new Float64Array(models.length);
  const errors = new Float64Array(models.length);
  let best = -Infinity;
  for (let at = 0; at < models.length; at += 1) {
    const model = models[at];
    if (model === undefined) break;
    const atZero = product(powers, model.inverse) / freedom;
    // No variance at all: every model explains it.
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

/** Where the tail falls to `level`: by secants of its logarithm, which is nearly straight, within brackets. */
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
    // Where secants creep up from one end, halving does better.
    const next = round % 3 === 2 ? (near + far) / 2 : secant;
    const value = excess(next);
    if (Math.abs(value) < 1e-10) return next;
    if (value > 0) [near, above] = [next, value];
    else [far, below] = [next, value];
  }
  return far;
}
