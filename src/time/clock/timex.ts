import { ptr } from "bun:ffi";
import { ERRNO, errnoMessage } from "../../lib/ffi/errno.ts";
import { errno, libcOrNull } from "../../lib/ffi/libc.ts";

const libc = libcOrNull({ clock_adjtime: { args: ["i32", "ptr"], returns: "i32" } });

/** `struct timex` of LP64: 208 bytes; modes at 0, offset at 8, errors at 24 and 32, status at 40, time at 72 and 80. */
const TIMEX_BYTES = 208;
const ADJ_MAXERROR = 0x0004;
const ADJ_ESTERROR = 0x0008;
const ADJ_STATUS = 0x0010;
const ADJ_SETOFFSET = 0x0100;
const ADJ_NANO = 0x2000;
const ADJ_OFFSET_SINGLESHOT = 0x8001;
const STA_UNSYNC = 0x0040;
const CLOCK_REALTIME = 0;
const NS_PER_S = 1_000_000_000n;

export type Adjustment =
  | { readonly ok: true; readonly appliedNs: bigint }
  | { readonly ok: false; readonly notPermitted: boolean; readonly reason: string };

function adjust(timex: DataView, appliedNs: bigint): Adjustment {
  const c = libc();
  if (c === null)
    return { ok: false, notPermitted: false, reason: "that can be done on Linux (x64, arm64) only" };
  // Returns the clock's state (0 to 5), or -1.
  if (c.clock_adjtime(CLOCK_REALTIME, ptr(timex)) >= 0) return { ok: true, appliedNs };
  const code = errno(c);
  return { ok: false, notPermitted: code === ERRNO.EPERM, reason: errnoMessage(code) };
}

/**
 * Marks the kernel's clock as synchronised, with the given error bound. The kernel's 11-minute update of the RTC
 * depends on it, and so does everything that waits for synchronised time (systemd-time-wait-sync). A step clears
 * the mark, so call this after it.
 */
export function markSynchronised(errorBoundNs: bigint): Adjustment {
  const timex = new DataView(new ArrayBuffer(TIMEX_BYTES));
  // Mode 0 only reads the state; one bit of its status is changed below.
  const read = adjust(timex, 0n);
  if (!read.ok) return read;
  const status = timex.getInt32(40, true);
  const errorUs = errorBoundNs / 1_000n + 1n;
  timex.setUint32(0, ADJ_MAXERROR | ADJ_ESTERROR | ADJ_STATUS, true);
  timex.setBigInt64(24, errorUs, true);
  timex.setBigInt64(32, errorUs, true);
  timex.setInt32(40, status & ~STA_UNSYNC, true);
  return adjust(timex, 0n);
}

/** Steps the clock, with nanosecond precision. */
export function stepClock(byNs: bigint): Adjustment {
  const timex = new DataView(new ArrayBuffer(TIMEX_BYTES));
  // The nanoseconds must not be negative: -0.3 s is written as -1 s and 0.7 s.
  const ns = ((byNs % NS_PER_S) + NS_PER_S) % NS_PER_S;
  timex.setUint32(0, ADJ_SETOFFSET | ADJ_NANO, true);
  timex.setBigInt64(72, (byNs - ns) / NS_PER_S, true);
  timex.setBigInt64(80, ns, true);
  return adjust(timex, byNs);
}

/**
 * Has the kernel slew the clock at 500 ppm and then stop: adjtime(). The kernel's other slew, the PLL, would need
 * a daemon to end it, and changes the clock's rate.
 */
export function slewClock(byNs: bigint): Adjustment {
  const timex = new DataView(new ArrayBuffer(TIMEX_BYTES));
  const us = BigInt(Math.round(Number(byNs) / 1_000));
  timex.setUint32(0, ADJ_OFFSET_SINGLESHOT, true);
  timex.setBigInt64(8, us, true);
  return adjust(timex, us * 1_000n);
}
