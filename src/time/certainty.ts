import { magnitude } from "./clock/clock.ts";
import type { Measurement } from "./result.ts";

/** Whether the clock is certainly within the limit, certainly beyond it, or neither is certain. */
export type CheckOutcome = "within" | "beyond" | "unknown";

/** Compares a measurement with the most that the clock may be off; `unknown` if the error bound leaves it open. */
export function checkOffset(
  { offsetNs, errorBoundNs }: Pick<Measurement, "offsetNs" | "errorBoundNs">,
  mostNs: bigint,
): CheckOutcome {
  if (offsetNs === null || errorBoundNs === null) return "unknown";
  const size = magnitude(offsetNs);
  if (size + errorBoundNs <= mostNs) return "within";
  return size - errorBoundNs > mostNs ? "beyond" : "unknown";
}

const FIRST_PAUSE_MS = 1_000;
const EARLY_PAUSE_MS = 2_000;
const EARLY_MS = 60_000;
const LATE_PAUSE_MS = 15_000;

/**
 * The pause before the next attempt: while a machine starts, the network may come up at any moment; later that is
 * unlikely.
 */
export function pauseMs(tries: number, elapsedMs: number): number {
  if (tries <= 1) return FIRST_PAUSE_MS;
  return elapsedMs < EARLY_MS ? EARLY_PAUSE_MS : LATE_PAUSE_MS;
}

/** Whether the time is known as accurately as requested. */
export function isKnownWithin(
  { offsetNs, errorBoundNs }: Pick<Measurement, "offsetNs" | "errorBoundNs">,
  maxErrorNs: bigint,
): boolean {
  return offsetNs !== null && errorBoundNs !== null && errorBoundNs <= maxErrorNs;
}
