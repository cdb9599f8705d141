/** Whether and how a clock is to be set. */
export type Setting =
  | { readonly action: "none"; readonly reason: string }
  | { readonly action: "step" | "slew"; readonly byNs: bigint }
  | { readonly action: "refused"; readonly reason: string };

export interface SettingInput {
  readonly offsetNs: bigint;
  /** The system clock as it stands. */
  readonly realNs: bigint;
  readonly stepThresholdNs: bigint;
  /** Null: no step is too far. */
  readonly maxStepNs: bigint | null;
  /** The program's build time, below which no clock is right. */
  readonly floorNs: bigint;
}

/** What slewing resolves (adjtime counts in microseconds). */
const LEAST_SLEW_NS = 500n;

const seconds = (ns: bigint): string => `${Number(ns) / 1e9} s`;

/** Thresholds hold both ways: a clock is not set back further than it would be set forward. */
export function decideSetting(input: SettingInput): Setting {
  const { offsetNs, realNs, stepThresholdNs, maxStepNs, floorNs } = input;
  const size = offsetNs < 0n ? -offsetNs : offsetNs;
  if (size < LEAST_SLEW_NS) return { action: "none", reason: "the clock is right to the microsecond" };
  if (offsetNs < 0n && realNs + offsetNs < floorNs) {
    return { action: "refused", reason: "that would set the clock back to before this program was built" };
  }
  if (maxStepNs !== null && size > maxStepNs) {
    return {
      action: "refused",
      reason: `the clock is off by ${seconds(offsetNs)}, more than ${seconds(maxStepNs)}; allow it with --max-step`,
    };
  }
  return { action: size >= stepThresholdNs ? "step" : "slew", byNs: offsetNs };
}

/** 1000 s unless told otherwise; a clock older than the program is off by any amount. */
export function maxStepNs(toldMs: number | null, realNs: bigint, floorNs: bigint): bigint | null {
  if (toldMs !== null) return BigInt(Math.round(toldMs * 1e6));
  return realNs < floorNs ? null : 1_000_000_000_000n;
}
