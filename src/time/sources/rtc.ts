import { readFileSync } from "node:fs";
import { ptr } from "bun:ffi";
import { reasonOf } from "../../lib/errors.ts";
import { errnoMessage } from "../../lib/ffi/errno.ts";
import { errno, libcOrNull } from "../../lib/ffi/libc.ts";

const libc = libcOrNull({
  open: { args: ["ptr", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
});

const NS_PER_S = 1_000_000_000n;
const RTC_SET_TIME = 0x4024_700an;
const O_RDONLY_CLOEXEC = 0o2000000;

export interface RtcPaths {
  /** Contains since_epoch. */
  readonly sysfs: string;
  readonly device: string;
  /** Its third line says whether the RTC keeps UTC or local time. */
  readonly adjtime: string;
}

/** Where hwclock records how the RTC is set. */
export const RTC_ADJTIME = "/etc/adjtime";

export type RtcReading =
  | { readonly ok: true; readonly ns: bigint; readonly ambiguousNs: bigint }
  | { readonly ok: false; readonly reason: string };

const HOUR_MS = 3_600_000;

/** Whether hwclock records that the RTC keeps local time, as other systems on the same machine may require. */
function isLocalTime(adjtime: string): boolean {
  try {
    return readFileSync(adjtime, "latin1").split("\n")[2]?.trim() === "LOCAL";
  } catch {
    return false;
  }
}

function localFields(date: Date): readonly [number, number, number, number, number, number] {
  return [
    date.getFullYear(),
    date.getMonth(),
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
  ];
}

/**
 * Local time, given as if it were UTC → Unix milliseconds. In the hour repeated by a time zone change it can be
 * either: `ambiguousMs` is then the difference between the two, and the result is the middle.
 */
function ofLocalTime(asUtcMs: number): { readonly ms: number; readonly ambiguousMs: number } {
  const wall = new Date(asUtcMs).toISOString().slice(0, 19);
  const ms = new Date(wall).getTime();
  const other = [ms - HOUR_MS, ms + HOUR_MS].find((candidate) => {
    return localFields(new Date(candidate)).join() === localFields(new Date(ms)).join();
  });
  if (other === undefined) return { ms, ambiguousMs: 0 };
  return { ms: (ms + other) / 2, ambiguousMs: Math.abs(other - ms) / 2 };
}

/**
 * Reads the hardware clock, which has a resolution of one second: true time is within the following second, or, if
 * its zone makes it ambiguous, up to that much to either side.
 */
export function readRtc(paths: RtcPaths): RtcReading {
  try {
    const text = readFileSync(`${paths.sysfs}/since_epoch`, "latin1").trim();
    if (!/^\d{1,11}$/.test(text)) return { ok: false, reason: `the RTC says ${JSON.stringify(text)}` };
    if (!isLocalTime(paths.adjtime)) return { ok: true, ns: BigInt(text) * NS_PER_S, ambiguousNs: 0n };
    const { ms, ambiguousMs } = ofLocalTime(Number(text) * 1_000);
    return { ok: true, ns: BigInt(ms) * 1_000_000n, ambiguousNs: BigInt(ambiguousMs) * 1_000_000n };
  } catch (error) {
    return { ok: false, reason: `there is no RTC: ${reasonOf(error)}` };
  }
}

export type RtcSetting = { readonly done: boolean; readonly reason: string | null };

/** struct rtc_time, nine 32-bit integers, in the RTC's zone. */
export function rtcTime(ns: bigint, adjtime: string): Int32Array {
  const date = new Date(Number(ns / 1_000_000n));
  const fields = new Int32Array(new ArrayBuffer(36));
  const shown = isLocalTime(adjtime) ? new Date(date.getTime() - date.getTimezoneOffset() * 60_000) : date;
  fields.set([
    shown.getUTCSeconds(),
    shown.getUTCMinutes(),
    shown.getUTCHours(),
    shown.getUTCDate(),
    shown.getUTCMonth(),
    shown.getUTCFullYear() - 1900,
  ]);
  return fields;
}

/** Sets the hardware clock, if there is one. */
export function setRtc({ device, adjtime }: Pick<RtcPaths, "device" | "adjtime">, ns: bigint): RtcSetting {
  const c = libc();
  if (c === null) return { done: false, reason: `${device} can be reached on Linux (x64, arm64) only` };
  const path = Buffer.from(`${device}\0`);
  const fd = c.open(ptr(path), O_RDONLY_CLOEXEC);
  if (fd < 0) return { done: false, reason: `${device}: ${errnoMessage(errno(c))}` };
  try {
    const fields = rtcTime(ns, adjtime);
    if (c.ioctl(fd, RTC_SET_TIME, ptr(fields)) === 0) return { done: true, reason: null };
    return { done: false, reason: `${device}: ${errnoMessage(errno(c))}` };
  } finally {
    c.close(fd);
  }
}
