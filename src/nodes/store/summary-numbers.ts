import { KINDS, LEVELS } from "../log/vocabulary.ts";

/** An hour, or a day, in the store. */
export interface StoredHour {
  readonly startMs: number;
  readonly summary: Uint8Array;
}

/** A summary's numbers before its sketch, in the order in which rollup.encodeSummary writes them. */
export const OUTCOMES_A_KIND = 3;
export const LEVEL_AT = KINDS.length * OUTCOMES_A_KIND;
export const TIMED_AT = LEVEL_AT + LEVELS.length;
export const TIMED_MS_AT = TIMED_AT + 1;
export const COARSE_AT = TIMED_AT + 2;
export const HAS_LINES_AT = TIMED_AT + 3;
export const FIRST_AT = TIMED_AT + 4;
export const SPAN_AT = TIMED_AT + 5;
export const SUMMARY_NUMBERS = TIMED_AT + 6;

/**
 * Puts a summary's numbers into `to` from `offset` on, and returns where its sketch begins.
 *
 * @throws RangeError if it is cut off.
 */
export function readSummary(bytes: Uint8Array, to: Float64Array, offset: number): number {
  let at = 0;
  for (let index = offset; index < offset + SUMMARY_NUMBERS; index += 1) {
    let byte = bytes[at++] ?? 0;
    if (byte < 0x80) {
      to[index] = byte;
      continue;
    }
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    to[index] = value;
  }
  if (at > bytes.length) throw new RangeError("Cannot read past the end of a stored summary");
  return at;
}
