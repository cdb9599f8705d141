import { type Clock, magnitude } from "./clock.ts";
import { clockOwner } from "./clock-daemon.ts";
import { CLOCK_UNTOUCHED, type ClockOutcome, type Measurement } from "../result.ts";
import { RTC_ADJTIME, setRtc } from "../sources/rtc.ts";
import { decideSetting } from "./step-or-slew.ts";
import { nsOfMs } from "../../lib/format/duration.ts";
import type { TimeSettings } from "../options.ts";
import { type Adjustment, markSynchronised, slewClock, stepClock } from "./timex.ts";

export interface ApplyOptions extends Pick<
  TimeSettings,
  "force" | "stepThreshold" | "maxStep" | "rtcDevice"
> {
  readonly buildTimeS: number;
  readonly clock: Clock;
}

type Refusal = NonNullable<ClockOutcome["refusal"]>;

function refuse(type: Refusal["type"], reason: string): ClockOutcome {
  return { ...CLOCK_UNTOUCHED, refusal: { type, reason } };
}

/** Sources that give the time itself, rather than only a lower bound. */
const TELLING: ReadonlySet<string> = new Set(["ntp", "nts", "https"]);

function ofFailure({ notPermitted, reason }: Extract<Adjustment, { ok: false }>): ClockOutcome {
  if (!notPermitted) return refuse("failed", `the kernel would not set the clock: ${reason}`);
  return refuse(
    "not-permitted",
    "setting the clock needs CAP_SYS_TIME: run it as root, or in a systemd unit with AmbientCapabilities=CAP_SYS_TIME",
  );
}

function setRtcText(device: string, ns: bigint): string {
  const rtc = setRtc({ device, adjtime: RTC_ADJTIME }, ns);
  return rtc.done ? `${device} was set` : `the RTC was not set: ${rtc.reason}`;
}

/**
 * Sets the system clock from a measurement: steps or slews it, or says why not. After a step it also sets the RTC.
 * After a step or slew, or if the clock was right, it marks the kernel's clock as synchronised.
 */
export function applyToClock(measurement: Measurement, options: ApplyOptions): ClockOutcome {
  const { clock, buildTimeS, stepThreshold, maxStep, rtcDevice } = options;
  const { offsetRawNs, errorBoundNs, source } = measurement;
  if (offsetRawNs === null || errorBoundNs === null || source === null)
    return refuse("refused", "there is no absolute time to set the clock by");
  const owner = options.force ? null : clockOwner();
  if (owner !== null) {
    return refuse(
      "refused",
      `${owner.name} (process ${owner.pid}) controls the clock; stop it, or set the clock anyway with --force`,
    );
  }
  const { rawNs, realNs } = clock.read();
  const setting = decideSetting({
    // The clock may have been stepped since the measurement, so its current value counts.
    offsetNs: offsetRawNs + rawNs - realNs,
    errorBoundNs,
    realNs,
    stepThresholdNs: nsOfMs(stepThreshold),
    maxStep,
    floorNs: BigInt(buildTimeS) * 1_000_000_000n,
  });
  if (setting.action === "refused") return refuse("refused", setting.reason);
  let outcome = CLOCK_UNTOUCHED;
  if (setting.action !== "none") {
    const { action, byNs } = setting;
    const adjusted = action === "step" ? stepClock(byNs) : slewClock(byNs);
    if (!adjusted.ok) return ofFailure(adjusted);
    const rtc = action === "step" ? setRtcText(rtcDevice, offsetRawNs + clock.rawNs()) : null;
    outcome = { ...CLOCK_UNTOUCHED, action, appliedNs: adjusted.appliedNs, rtc };
  }
  if (!TELLING.has(source)) return outcome;
  // The part still being slewed counts as error.
  const leftNs = outcome.action === "slew" && outcome.appliedNs !== null ? outcome.appliedNs : 0n;
  const marked = markSynchronised(errorBoundNs + magnitude(leftNs));
  // If the clock was right, this is the first call that can be refused.
  if (!marked.ok && outcome.action === "none") return ofFailure(marked);
  return { ...outcome, isSynchronised: marked.ok };
}
