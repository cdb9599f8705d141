import { nsOfMs } from "../../lib/format/duration.ts";

/** Whether and how a clock is to be set. */
export type Setting =
  | { readonly action: "none"; readonly reason: string }
  | { readonly action: "step" | "slew"; readonly byNs: bigint }
  | { readonly action: "refused"; readonly reason: string };

export interface SettingInput {
  readonly offsetNs: bigint;
  /** How far the offset may be from the truth. */
  readonly errorBoundNs: bigint;
  /** The system clock as it stands. */
  readonly realNs: bigint;
  readonly stepThresholdNs: bigint;
  /** `--max-step` in milliseconds; null: 1000 s, and any offset where the clock is older than the program. */
  readonly maxStep: number | null;
  /** The program's build time, below which no clock is right. */
  readonly floorNs: bigint;
}

/** What slewing resolves (adjtime counts in microseconds). */
const LEAST_SLEW_NS = 500n;
const MAX_STEP_MS = 1_000_000;

const seconds = (ns: bigint): string => `${Number(ns) / 1e9} s`;

/**
 * Thresholds hold both ways: a clock is not set back further than it would be set forward. What is not known to within
 * the longest step sets no clock, however wrong that one is.
 */
export function decideSetting(input: SettingInput): Setting {
  const { offsetNs, errorBoundNs, realNs, stepThresholdNs, maxStep, floorNs } = input;
  const size = offsetNs < 0n ? -offsetNs : offsetNs;
  const maxStepNs = nsOfMs(maxStep ?? MAX_STEP_MS);
  if (errorBoundNs > maxStepNs) {
    return {
      action: "refused",
      reason: `the time is not known to within ${seconds(maxStepNs)}; allow it with --max-step`,
    };
  }
  if (size < LEAST_SLEW_NS) return { action: "none", reason: "the clock is right to the microsecond" };
  if (offsetNs < 0n && realNs + offsetNs < floorNs) {
    return { action: "refused", reason: "that would set the clock back to before this program was built" };
  }
  const isOlder = maxStep === null && realNs < floorNs;
  if (!isOlder && size > maxStepNs) {
    return {
      action: "refused",
      reason: `the clock is off by ${seconds(offsetNs)}, more than ${seconds(maxStepNs)}; allow it with --max-step`,
    };
  }
  return { action: size >= stepThresholdNs ? "step" : "slew", byNs: offsetNs };
}
