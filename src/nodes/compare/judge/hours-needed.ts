import type { Contrast } from "./contrast.ts";
import { LEAST_HOURS, memoryFrequencies, type MeanSpread, meanSpread } from "./persistence.ts";

/**
 * How many hours a question needs to be answered, so that "too early to tell" comes with a realistic number. With nodes
 * that are alike, it is within a factor of two nine times out of ten (bench/verdicts.ts).
 */

/** With fewer independent blocks than this, their variation cannot be estimated. */
const LEAST_BLOCKS = 6;

/**
 * Hours after which the length of a block is estimated: a day, three days, a week, four weeks, and so on. If it were
 * estimated anew every hour, it would wander, and reaching the goal would be a matter of chance; a fixed goal is
 * reached when predicted. These are the looks of a group sequential design (Jennison & Turnbull, 2000).
 */
const LOOKS = [24, 72, 168, 672, 2_688, 10_752] as const;

/** How many of a question's `hours` are used to estimate the length of a block. */
export function lastLook(hours: number): number {
  return LOOKS.findLast((look) => look <= hours) ?? hours;
}

/**
 * A spread is wider than it would be if the correlation of hours were known. The excess falls with the number of hours
 * to this power.
 */
const LEARNING = 2.5;
/** Predictions of more than this many times the present hours would help nobody. */
const MOST_TIMES = 100;
/** The two-sided level of one standard deviation. */
const ONE_SIGMA = 0.3173105;

/**
 * The number of hours at which the difference would be called real if it stays as it is now, shrunk towards 0 by the
 * part that chance explains (positive-part James–Stein). Infinity if it is within chance.
 *
 * @param level at which the question is tested; @param least the smallest difference that matters, on the scale of the
 * series.
 */
function hoursToSignificance(
  { difference, hours }: Contrast,
  spread: MeanSpread,
  { level, least }: { level: number; least: number },
): number {
  const observed = Math.abs(difference);
  const error = spread.distance(ONE_SIGMA);
  const expected = observed * Math.max(0, 1 - (error / observed) ** 2);
  if (!(expected > 0) || observed < least) return Infinity;
  const reach = spread.distance(level);
  // The distance for a normal distribution, which remains once the correlation of the hours is known.
  const known = Math.min(reach, error * normalDistance(level));
  for (let times = 1; times < MOST_TIMES; times *= 1.05) {
    if ((known + (reach - known) / times ** LEARNING) / Math.sqrt(times) <= expected) return hours * times;
  }
  return Infinity;
}

/**
 * The standard normal deviate exceeded, on either side, with probability `level`, within 0.0005. Source: Abramowitz &
 * Stegun 26.2.23.
 */
function normalDistance(level: number): number {
  const t = Math.sqrt(-2 * Math.log(level / 2));
  return (
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t * t) /
      (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
  );
}

/**
 * How many more hours a contrast that is not significant needs: until there are enough blocks to say that there is no
 * real difference, or until the present difference would be called real. 0 if there are enough.
 */
export function missingHours(
  contrast: Contrast,
  spread: MeanSpread | null,
  tested: { readonly level: number; readonly least: number },
): number {
  const { hours } = contrast;
  if (spread === null) return 2 * LEAST_HOURS - hours;
  const look = lastLook(hours);
  const looked = contrast.cosinesOver(look, memoryFrequencies(look));
  const { blockHours } = looked === null ? spread : meanSpread(looked, look, 0);
  const missing = LEAST_BLOCKS * blockHours - hours;
  if (missing <= 0) return 0;
  return Math.max(1, Math.ceil(Math.min(missing, hoursToSignificance(contrast, spread, tested) - hours)));
}
