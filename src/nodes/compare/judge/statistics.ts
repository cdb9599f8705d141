/** An interval's ends. */
export type Interval = readonly [low: number, high: number];

/**
 * The level at which Holm's step-down procedure tests each question of a family: for rejected ones the level of their
 * step, for the rest that of the first one not rejected. An interval at this level excludes 0 exactly if the question
 * is rejected. Source: Holm, Scand. J. Stat. 6, 1979.
 */
export function holmLevels(pValues: readonly number[], level: number): number[] {
  const order = pValues.map((_, index) => index).toSorted((a, b) => (pValues[a] ?? 1) - (pValues[b] ?? 1));
  const levels = pValues.map(() => level);
  let step = 0;
  let isOpen = true;
  for (const index of order) {
    const own = level / (pValues.length - step);
    levels[index] = own;
    isOpen = isOpen && (pValues[index] ?? 1) <= own;
    if (isOpen) step += 1;
  }
  return levels;
}

/**
 * Wilson's score interval for a share over `trials` operations, reaching `z` standard normal deviates to either side.
 * Source: Wilson, JASA 22, 1927; Brown, Cai & DasGupta, Stat. Sci. 16, 2001.
 */
export function wilson(share: number, trials: number, z: number): Interval {
  if (trials <= 0) return [0, 1];
  const z2 = z * z;
  const centre = share + z2 / (2 * trials);
  const half = z * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  const scale = 1 + z2 / trials;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}

/** The median; for an even count the mean of the two middle values. NaN if there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
