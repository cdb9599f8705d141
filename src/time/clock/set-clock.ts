import type { Clock } from "./clock.ts";
import { clockOwner } from "./clock-daemon.ts";
import { CLOCK_UNTOUCHED, type ClockOutcome, type Measurement } from "../result.ts";
import { setRtc } from "../sources/rtc.ts";
import { decideSetting, maxStepNs } from "./step-or-slew.ts";
import { nsOfMs } from "../../lib/format/duration.ts";
import type { TimeSettings } from "../options.ts";
import { slewClock, stepClock } from "./timex.ts";

export interface ApplyOptions extends Pick<
  TimeSettings,
  "force" | "stepThreshold" | "maxStep" | "rtcDevice"
> {
  readonly buildTimeS: number;
  readonly clock: Clock;
}

type Refusal = NonNullable<ClockOutcome["refusal"]>;

function refuse(kind: Refusal["kind"], reason: string): ClockOutcome {
  return { ...CLOCK_UNTOUCHED, refusal: { kind, reason } };
}

/** Sets the system clock by a measurement: steps or slews it, or says why not; after a step the RTC is told. */
export function applyToClock(measurement: Measurement, options: ApplyOptions): ClockOutcome {
  const { clock, buildTimeS } = options;
  if (measurement.offsetRawNs === null)
    return refuse("refused", "there is no absolute time to set the clock by");
  const owner = options.force ? null : clockOwner();
  if (owner !== null) {
    return refuse(
      "refused",
      `${owner.name} (process ${owner.pid}) owns the clock; stop it, or set the clock all the same with --force`,
    );
  }
  const { rawNs, realNs } = clock.read();
  const floorNs = BigInt(buildTimeS) * 1_000_000_000n;
  const setting = decideSetting({
    // The clock may have been stepped since the measurement: what counts is where it stands now.
    offsetNs: measurement.offsetRawNs + rawNs - realNs,
    realNs,
    stepThresholdNs: nsOfMs(options.stepThreshold),
    maxStepNs: maxStepNs(options.maxStep, realNs, floorNs),
    floorNs,
  });
  if (setting.action === "none") return CLOCK_UNTOUCHED;
  if (setting.action === "refused") return refuse("refused", setting.reason);
  const adjusted = setting.action === "step" ? stepClock(setting.byNs) : slewClock(setting.byNs);
  if (!adjusted.ok) {
    if (!adjusted.notPermitted)
      return refuse("failed", `the kernel would not set the clock: ${adjusted.reason}`);
    return refuse(
      "not-permitted",
      "setting the clock needs CAP_SYS_TIME: run it as root, or in a systemd unit with AmbientCapabilities=CAP_SYS_TIME",
    );
  }
  const outcome = { action: setting.action, appliedNs: adjusted.appliedNs, refusal: null } as const;
  if (setting.action === "slew") return { ...outcome, rtc: null };
  const rtc = setRtc(options.rtcDevice, measurement.offsetRawNs + clock.rawNs());
  return { ...outcome, rtc: rtc.done ? `${options.rtcDevice} was told` : `no RTC was told: ${rtc.reason}` };
}
