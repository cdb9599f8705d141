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
  /** Holds since_epoch. */
  readonly sysfs: string;
  readonly device: string;
  /** Its third line says whether the RTC runs in UTC or in local time. */
  readonly adjtime: string;
}

/** Where hwclock notes how the RTC runs. */
export const RTC_ADJTIME = "/etc/adjtime";

export type RtcReading =
  | { readonly ok: true; readonly ns: bigint }
  | { readonly ok: false; readonly reason: string };

function isLocalTime(adjtime: string): boolean {
  try {
    return readFileSync(adjtime, "latin1").split("\n")[2]?.trim() === "LOCAL";
  } catch {
    return false;
  }
}

/** The hardware clock, to the second; the true time of the reading lies in the second that follows. */
export function readRtc(paths: RtcPaths): RtcReading {
  if (isLocalTime(paths.adjtime))
    return { ok: false, reason: "the RTC runs in local time, which is ambiguous" };
  try {
    const text = readFileSync(`${paths.sysfs}/since_epoch`, "latin1").trim();
    if (!/^\d{1,11}$/.test(text)) return { ok: false, reason: `the RTC says ${JSON.stringify(text)}` };
    return { ok: true, ns: BigInt(text) * NS_PER_S };
  } catch (error) {
    return { ok: false, reason: `there is no RTC: ${reasonOf(error)}` };
  }
}

export type RtcSetting = { readonly done: boolean; readonly reason: string | null };

/** Tells the hardware clock the time, where there is one: struct rtc_time is nine 32-bit integers. */
export function setRtc(device: string, ns: bigint): RtcSetting {
  const c = libc();
  if (c === null) return { done: false, reason: `${device} can be reached on Linux (x64, arm64) only` };
  const path = Buffer.from(`${device}\0`);
  const fd = c.open(ptr(path), O_RDONLY_CLOEXEC);
  if (fd < 0) return { done: false, reason: `${device}: ${errnoMessage(errno(c))}` };
  try {
    const date = new Date(Number(ns / 1_000_000n));
    const fields = new Int32Array(new ArrayBuffer(36));
    fields.set([
      date.getUTCSeconds(),
      date.getUTCMinutes(),
      date.getUTCHours(),
      date.getUTCDate(),
      date.getUTCMonth(),
      date.getUTCFullYear() - 1900,
    ]);
    if (c.ioctl(fd, RTC_SET_TIME, ptr(fields)) === 0) return { done: true, reason: null };
    return { done: false, reason: `${device}: ${errnoMessage(errno(c))}` };
  } finally {
    c.close(fd);
  }
}
