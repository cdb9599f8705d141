/** Both clocks, read at the same moment. */
export interface Reading {
  /** A clock that nobody steps or slews, in nanoseconds since some start: CLOCK_MONOTONIC_RAW. */
  readonly rawNs: bigint;
  /** The system clock, in Unix nanoseconds: CLOCK_REALTIME. */
  readonly realNs: bigint;
}

/** The machine's clocks. Nothing in src/time reads time in any other way. */
export interface Clock {
  rawNs(): bigint;
  read(): Reading;
  /** What tells one raw clock from another: it changes with each boot and with each suspend. */
  epoch(): string;
}

/** How far the two clocks may part within one measurement without a step: the kernel's fastest slew is 500 ppm. */
const SLEW_LIMIT_NS = 200_000n;

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/**
 * Puts a kernel timestamp, which is of the system clock, on the raw clock. Where the system clock was stepped
 * between two readings, the stamp was taken either before the step or after it: the reading counts under which it
 * falls between the two. Null where that does not tell.
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
