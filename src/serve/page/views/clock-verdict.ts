import type { PastMeasurement } from "../../../time/overview.ts";

/** What a measurement says of the clock. `unsure`: its error bound leaves it open. */
export type ClockVerdict = "right" | "off" | "unsure";

/** An offset that is harmless for any computer's clock, in seconds. */
const HARMLESS_S = 0.1;

/** Judges a measurement by its offset and its error bound together: a vague one proves nothing. */
export function clockVerdict({
  offset_s: offsetS,
  error_bound_s: boundS,
}: Pick<PastMeasurement, "offset_s" | "error_bound_s">): ClockVerdict {
  if (offsetS === null || boundS === null) return "unsure";
  const sizeS = Math.abs(offsetS);
  if (sizeS + boundS <= HARMLESS_S) return "right";
  return sizeS - boundS > HARMLESS_S ? "off" : "unsure";
}
