import type { Reading } from "../clock/clock.ts";
import { readRtc, type RtcPaths } from "./rtc.ts";
import { HORIZON_S, type LocalSource } from "./source.ts";
import { newestTrustedMoment, type ScanOptions } from "./trusted-file.ts";

/** What the machine itself knows of the time if no server answers. */
export interface LocalAnswer {
  readonly source: LocalSource;
  /** True time minus the system clock; null if no absolute time is known. */
  readonly offsetNs: bigint | null;
  readonly errorBoundNs: bigint | null;
  /** What it is based on, for people. */
  readonly basis: string;
}

export interface LocalOptions {
  /** In the order to try. */
  readonly sources: readonly LocalSource[];
  readonly rtc: RtcPaths;
  readonly scan: Omit<ScanOptions, "endNs">;
  /** The last time confirmed by servers, from the store. */
  readonly lastGoodNs: bigint | null;
  /** The system clock as last saved in the store, right or wrong; true time is later. */
  readonly savedNs: bigint | null;
  /** The program's build time: no earlier time is right. */
  readonly floorNs: bigint;
}

const NS_PER_S = 1_000_000_000n;
/** The drift of a cheap crystal: 100 ppm. */
const RTC_DRIFT_DIVISOR = 10_000n;

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

/** True time is somewhere between `floorNs` and the horizon: the bound reaches to the farther of the two. */
function notBefore(
  source: "file" | "build",
  floorNs: bigint,
  options: LocalOptions,
  now: Reading,
  basis: string,
): LocalAnswer {
  const offsetNs = max(0n, floorNs - now.realNs);
  const answerNs = now.realNs + offsetNs;
  return { source, offsetNs, errorBoundNs: max(endOf(options) - answerNs, answerNs - floorNs), basis };
}

function endOf({ floorNs }: LocalOptions): bigint {
  return floorNs + BigInt(HORIZON_S) * NS_PER_S;
}

/** A last good time beyond the horizon came from a wrong majority and is ignored. */
function knownNs(options: LocalOptions): bigint {
  const { floorNs, lastGoodNs } = options;
  return lastGoodNs !== null && lastGoodNs < endOf(options) ? max(floorNs, lastGoodNs) : floorNs;
}

function fromRtc(options: LocalOptions, now: Reading): LocalAnswer | string {
  const reading = readRtc(options.rtc);
  if (!reading.ok) return reading.reason;
  const known = knownNs(options);
  if (reading.ns + reading.ambiguousNs < known)
    return "the RTC is behind a time that has certainly passed; perhaps its battery is empty";
  if (reading.ns >= endOf(options)) return "the RTC is more than 30 years ahead of this program";
  // The middle of the second that it showed, plus the possible drift since time was last known.
  const halfSecond = NS_PER_S / 2n;
  const errorBoundNs = NS_PER_S + reading.ambiguousNs + max(0n, reading.ns - known) / RTC_DRIFT_DIVISOR;
  return {
    source: "rtc",
    offsetNs: reading.ns + halfSecond - now.realNs,
    errorBoundNs,
    basis: "the hardware clock, as if it drifted by 100 ppm since time was last known",
  };
}

function fromFile(options: LocalOptions, now: Reading): LocalAnswer | string {
  const { lastGoodNs, savedNs } = options;
  const stored = [
    ...(lastGoodNs === null ? [] : [{ ns: lastGoodNs, path: "the store's last good time" }]),
    ...(savedNs === null ? [] : [{ ns: savedNs, path: "the clock that the store saved last" }]),
  ];
  const found = newestTrustedMoment({ ...options.scan, endNs: endOf(options) }, stored);
  if (found === null) return "no trusted file found";
  if (found.ns < options.floorNs) return "the newest trusted file is older than this program";
  return notBefore("file", found.ns, options, now, `it is only known to be later than ${found.path}`);
}

/**
 * The best of the machine's own sources, and why the ones before it could not be used. Files and the build time
 * are lower bounds: they only move a clock forward, never back.
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
          "it is only known to be later than the build of this program",
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
