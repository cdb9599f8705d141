/** Draws a number from 0 to `count - 1`: what happens next. */
export type Draw = (count: number) => number;

/** Always the first of what can happen: all goes well. */
export const FAIR: Draw = () => 0;

class Broken extends Error {}

/** What must hold, or the sequence has shown a defect. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}
