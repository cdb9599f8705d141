/** Both clocks, read at the same moment. */
export interface Reading {
  /** A clock that is never stepped or slewed, in nanoseconds since an arbitrary start: CLOCK_MONOTONIC_RAW. */
  readonly rawNs: bigint;
  /** The system clock, in Unix nanoseconds: CLOCK_REALTIME. */
  readonly realNs: bigint;
}

/** The machine's clocks. Code in src/time reads the time only through this. */
export interface Clock {
  rawNs(): bigint;
  read(): Reading;
  /** Identifies a raw clock: changes with each boot and each suspend. */
  epoch(): string;
}

/** How far the two clocks can diverge during a measurement without a step: the kernel's fastest slew is 500 ppm. */
const SLEW_LIMIT_NS = 200_000n;

/** Math.abs for nanoseconds. */
export function magnitude(ns: bigint): bigint {
  return ns < 0n ? -ns : ns;
}

/**
 * Converts a kernel timestamp, taken from the system clock, to the raw clock. If the system clock was stepped
 * between the two readings, the timestamp was taken either before or after the step: the right reading is the one
 * that places it between the two. Null if that does not decide it.
 */
export function rawOfStamp(stampNs: bigint, before: Reading, after: Reading): bigint | null {
  const leadBefore = before.realNs - before.rawNs;
  const leadAfter = after.realNs - after.rawNs;
  const byAfter = stampNs - leadAfter;
  const isWithin = (rawNs: bigint): boolean =>
    rawNs >= before.rawNs - SLEW_LIMIT_NS && rawNs <= after.rawNs + SLEW_LIMIT_NS;
  if (magnitude(leadAfter - leadBefore) <= SLEW_LIMIT_NS) return isWithin(byAfter) ? byAfter : null;
  const byBefore = stampNs - leadBefore;
  if (isWithin(byAfter) === isWithin(byBefore)) return null;
  return isWithin(byAfter) ? byAfter : byBefore;
}
