import type { Reading } from "../clock/clock.ts";
import { readRtc, type RtcPaths } from "./rtc.ts";
import type { LocalSource } from "./source.ts";
import { newestTrustedFile, type PastMoment, type ScanOptions } from "./trusted-file.ts";

/** What the machine itself can say of the time, when no server does. */
export interface LocalAnswer {
  readonly source: LocalSource;
  /** True time minus the system clock; null where nothing absolute is known. */
  readonly offsetNs: bigint | null;
  readonly errorBoundNs: bigint | null;
  /** What it rests on, for people. */
  readonly basis: string;
}

export interface LocalOptions {
  /** In the order in which they are tried. */
  readonly sources: readonly LocalSource[];
  readonly rtc: RtcPaths;
  readonly scan: ScanOptions;
  /** The last time that servers confirmed, from the store. */
  readonly lastGoodNs: bigint | null;
  readonly floorNs: bigint;
}

const NS_PER_S = 1_000_000_000n;
/** NTP's own horizon: time is taken to lie in the 136 years from the build on. */
const HORIZON_NS = (1n << 32n) * NS_PER_S;
/** What a cheap crystal may gain or lose: 100 ppm. */
const RTC_DRIFT_DIVISOR = 10_000n;

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

/** True time is not before `floorNs`, and nothing says how long after: the bound reaches to the horizon. */
function notBefore(
  source: "file" | "build",
  floorNs: bigint,
  options: LocalOptions,
  now: Reading,
  basis: string,
): LocalAnswer {
  const offsetNs = max(0n, floorNs - now.realNs);
  const endNs = options.floorNs + HORIZON_NS;
  return { source, offsetNs, errorBoundNs: max(endNs - (now.realNs + offsetNs), NS_PER_S), basis };
}

function newest(moments: readonly (PastMoment | null)[], endNs: bigint): PastMoment | null {
  let best: PastMoment | null = null;
  for (const moment of moments) {
    // A time beyond the horizon bears witness to a broken clock only.
    if (moment !== null && moment.ns < endNs && (best === null || moment.ns > best.ns)) best = moment;
  }
  return best;
}

function fromRtc(options: LocalOptions, now: Reading): LocalAnswer | string {
  const reading = readRtc(options.rtc);
  if (!reading.ok) return reading.reason;
  const knownNs = max(options.floorNs, options.lastGoodNs ?? 0n);
  if (reading.ns < knownNs)
    return "the RTC is behind a time that has certainly passed: its battery is empty, perhaps";
  // The middle of the second that it showed, and what a crystal may have lost since time was last known.
  const halfSecond = NS_PER_S / 2n;
  const errorBoundNs = NS_PER_S + (reading.ns - knownNs) / RTC_DRIFT_DIVISOR;
  return {
    source: "rtc",
    offsetNs: reading.ns + halfSecond - now.realNs,
    errorBoundNs,
    basis: "the hardware clock, as if it drifted by 100 ppm since time was last known",
  };
}

function fromFile(options: LocalOptions, now: Reading): LocalAnswer | string {
  const stored: PastMoment | null =
    options.lastGoodNs === null ? null : { ns: options.lastGoodNs, path: "the store's last good time" };
  const found = newest([newestTrustedFile(options.scan), stored], options.floorNs + HORIZON_NS);
  if (found === null) return "no trusted file was found";
  if (found.ns < options.floorNs) return "the newest trusted file is older than this program";
  return notBefore("file", found.ns, options, now, `${found.path}: time is not before it`);
}

/**
 * The best of the machine's own sources, and why those before it would not do. Files and the build time are floors:
 * they put a clock forward that is behind them, and never back.
 */
export function localAnswer(
  options: LocalOptions,
  now: Reading,
): { readonly answer: LocalAnswer; readonly passedOver: readonly string[] } {
  const passedOver: string[] = [];
  for (const source of options.sources) {
    let found: LocalAnswer | string;
    switch (source) {
      case "rtc":
        found = fromRtc(options, now);
        break;
      case "file":
        found = fromFile(options, now);
        break;
      case "build":
        found = notBefore(
          "build",
          options.floorNs,
          options,
          now,
          "when this program was built: time is not before it",
        );
        break;
      case "monotonic":
        found = monotonic();
        break;
    }
    if (typeof found !== "string") return { answer: found, passedOver };
    passedOver.push(`${source}: ${found}`);
  }
  return { answer: monotonic(), passedOver };
}

function monotonic(): LocalAnswer {
  return {
    source: "monotonic",
    offsetNs: null,
    errorBoundNs: null,
    basis: "the monotonic clock alone, which is no absolute time",
  };
}
