import type { Measurement } from "./result.ts";

/** Whether the clock is surely within what is allowed, surely beyond it, or neither is sure. */
export type CheckOutcome = "within" | "beyond" | "unknown";

function magnitude(ns: bigint): bigint {
  return ns < 0n ? -ns : ns;
}

/** Holds a measurement against the most that the clock may be off: what the bound leaves open is not known. */
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
