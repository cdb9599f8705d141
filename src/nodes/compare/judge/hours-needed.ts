import type { Contrast } from "./contrast.ts";
import { LEAST_HOURS, memoryFrequencies, type MeanSpread, meanSpread } from "./persistence.ts";

/**
 * How many hours a question takes to be answered, so that "too early to tell" names a number that comes true: nine times
 * of ten within a factor of two where nodes are alike (bench/verdicts.ts).
 */

/** Fewer independent blocks than this do not show how blocks differ. */
const LEAST_BLOCKS = 6;

/**
 * How long a block is, is estimated from the first so many hours: a day, three, a week, four weeks, and so on. Estimated anew with every
 * hour it wanders, and whether the goal is reached would be chance: a fixed goal is reached when it was said to be. These
 * are the looks of a group sequential design (Jennison & Turnbull, 2000).
 */
const LOOKS = [24, 72, 168, 672, 2_688, 10_752] as const;

/** The hours that say what six blocks take, for a question over `hours` of them. */
export function lastLook(hours: number): number {
  return LOOKS.findLast((look) => look <= hours) ?? hours;
}

/** What stands between a spread's reach and that of one who knew how hours hang together falls with hours to this power. */
const LEARNING = 2.5;
/** Twice as many hours and so on are no help to anybody. */
const MOST_TIMES = 100;
/** A standard deviation: the level at which one is passed. */
const ONE_SIGMA = 0.3173105;

/**
 * The hours at which a difference would be called real if it stays as it is now, drawn towards 0 by what chance alone
 * makes of it (positive-part James–Stein): Infinity where it is within chance.
 *
 * @param level at which the question is tested; @param least the least difference that matters, in the series' scale.
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
  // Of normal deviates, which is what is left of the reach once the hours' memory is known.
  const known = Math.min(reach, error * normalDistance(level));
  for (let times = 1; times < MOST_TIMES; times *= 1.05) {
    if ((known + (reach - known) / times ** LEARNING) / Math.sqrt(times) <= expected) return hours * times;
  }
  return Infinity;
}

/** The deviate that is passed with the probability `level`, either way, within 0.0005. Source: Abramowitz & Stegun 26.2.23. */
function normalDistance(level: number): number {
  const t = Math.sqrt(-2 * Math.log(level / 2));
  return (
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t * t) /
      (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t)
  );
}

/**
 * The hours that a contrast which is not significant still needs: until blocks are enough to say that there is no real
 * difference, or until the difference it shows would be called real; 0 where there are enough.
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
