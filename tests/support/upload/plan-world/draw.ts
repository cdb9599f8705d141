/** Draws a number from 0 to `count - 1`, which decides what happens next. */
export type Draw = (count: number) => number;

/** Always draws the first possibility: everything goes well. */
export const FAIR: Draw = () => 0;

class Broken extends Error {}

/** If this does not hold, the sequence has revealed a defect. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}
