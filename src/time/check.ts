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
