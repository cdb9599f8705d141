import type { Measurement } from "./result.ts";

const FIRST_PAUSE_MS = 1_000;
const EARLY_PAUSE_MS = 2_000;
const EARLY_MS = 60_000;
const LATE_PAUSE_MS = 15_000;

/** The pause before the next try: a network may come up any moment while a machine starts, and hardly later. */
export function pauseMs(tries: number, elapsedMs: number): number {
  if (tries <= 1) return FIRST_PAUSE_MS;
  return elapsedMs < EARLY_MS ? EARLY_PAUSE_MS : LATE_PAUSE_MS;
}

/** Whether the time is known as well as is asked for. */
export function isKnownWithin(
  { offsetNs, errorBoundNs }: Pick<Measurement, "offsetNs" | "errorBoundNs">,
  maxErrorNs: bigint,
): boolean {
  return offsetNs !== null && errorBoundNs !== null && errorBoundNs <= maxErrorNs;
}
