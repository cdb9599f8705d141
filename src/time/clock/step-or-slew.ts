import { magnitude } from "./clock.ts";
import { formatQuantity, nsOfMs } from "../../lib/format/duration.ts";

/** Whether and how to set a clock. */
export type Setting =
  | { readonly action: "none"; readonly reason: string }
  | { readonly action: "step" | "slew"; readonly byNs: bigint }
  | { readonly action: "refused"; readonly reason: string };

export interface SettingInput {
  readonly offsetNs: bigint;
  /** How far the offset can be from the truth. */
  readonly errorBoundNs: bigint;
  /** The system clock now. */
  readonly realNs: bigint;
  readonly stepThresholdNs: bigint;
  /** `--max-step` in milliseconds. null: 1000 s, and no limit if the clock is behind the program's build time. */
  readonly maxStep: number | null;
  /** The program's build time: no earlier clock is right. */
  readonly floorNs: bigint;
}

/** The resolution of slewing (adjtime counts microseconds). */
const LEAST_SLEW_NS = 500n;
const MAX_STEP_MS = 1_000_000;

const seconds = (ns: bigint): string => `${Number(ns) / 1e9} s`;

/**
 * Limits apply in both directions: a clock is not set back further than it would be set forward. If the time is
 * not known to within the longest step, the clock is not set, however wrong it is.
 */
export function decideSetting(input: SettingInput): Setting {
  const { offsetNs, errorBoundNs, realNs, stepThresholdNs, maxStep, floorNs } = input;
  const size = magnitude(offsetNs);
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
      reason: `the clock is off by ${formatQuantity(Number(size) / 1e9)}, more than ${seconds(maxStepNs)}; allow it with --max-step`,
    };
  }
  return { action: size >= stepThresholdNs ? "step" : "slew", byNs: offsetNs };
}
