import type { ServerReport } from "./ntp/assess.ts";
import type { Drift } from "./clock/drift.ts";
import type { Tolerance } from "./ntp/combine.ts";
import type { Leap } from "./ntp/sample.ts";
import type { Source } from "./sources/source.ts";

/** The result of a measurement from any source. Null: unknown. */
export interface Measurement {
  /** Null if there is no answer at all. */
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
  /** Servers asked, and those that answered: the HTTPS servers if they gave the answer, else the time servers. */
  readonly asked: number;
  readonly answered: number;
  /** How many servers support the answer. */
  readonly agreeing: number;
  /** How many liars the bound tolerates; null if no servers were queried. */
  readonly tolerance: Tolerance | null;
  /** Why there is no answer, or what a local answer is based on. */
  readonly note: string | null;
  /** Why better sources were not used. */
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
  /** Why the clock was not set although requested; null if it was, or nothing was requested. */
  readonly refusal: { readonly type: "refused" | "not-permitted" | "failed"; readonly reason: string } | null;
  /** The result of setting the RTC; null if not attempted. */
  readonly rtc: string | null;
  /** Whether the kernel's clock was marked as synchronised; null if not attempted. */
  readonly isSynchronised: boolean | null;
}

export const CLOCK_UNTOUCHED: ClockOutcome = {
  action: "none",
  appliedNs: null,
  refusal: null,
  rtc: null,
  isSynchronised: null,
};
