import type { ServerReport } from "./ntp/assess.ts";
import type { Drift } from "./clock/drift.ts";
import type { Tolerance } from "./ntp/combine.ts";
import type { Leap } from "./ntp/sample.ts";
import type { Source } from "./sources/source.ts";

/** What one measurement says, whatever it came from. Null: not known. */
export interface Measurement {
  /** Null where there is no answer at all. */
  readonly source: Source | null;
  readonly authenticated: boolean;
  /** True time minus the system clock. */
  readonly offsetNs: bigint | null;
  /** True time minus the raw monotonic clock. */
  readonly offsetRawNs: bigint | null;
  readonly delayNs: bigint | null;
  readonly errorBoundNs: bigint | null;
  readonly stratum: number | null;
  readonly leap: Leap;
  readonly server: string | null;
  readonly address: string | null;
  readonly reports: readonly ServerReport[];
  readonly asked: number;
  readonly answered: number;
  /** How many servers stand behind the answer. */
  readonly agreeing: number;
  /** For how many liars the bound is true; null where no servers were asked. */
  readonly tolerance: Tolerance | null;
  /** Why there is no answer, or what a local one rests on. */
  readonly note: string | null;
  /** Why better sources were passed over. */
  readonly passedOver: readonly string[];
}

export interface TimeResult extends Measurement {
  readonly elapsedNs: bigint;
  readonly drift: Drift | null;
}

/** What was done to the clock. */
export interface ClockOutcome {
  readonly action: "none" | "step" | "slew";
  readonly appliedNs: bigint | null;
  /** Why the clock was not set although that was asked; null where it was, or nothing was asked. */
  readonly refusal: { readonly type: "refused" | "not-permitted" | "failed"; readonly reason: string } | null;
  /** What became of telling the RTC; null where it was not tried. */
  readonly rtc: string | null;
  /** Whether the kernel has been told that the clock is synchronised; null where it was not to be. */
  readonly isSynchronised: boolean | null;
}

export const CLOCK_UNTOUCHED: ClockOutcome = {
  action: "none",
  appliedNs: null,
  refusal: null,
  rtc: null,
  isSynchronised: null,
};
