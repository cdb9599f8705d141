import { readFileSync } from "node:fs";
import { ptr } from "bun:ffi";
import type { Clock, Reading } from "./clock.ts";
import { type Libc, libcOrNull } from "../../lib/ffi/libc.ts";

const CALLS = { clock_gettime: { args: ["i32", "ptr"], returns: "i32" } } as const;
const libc = libcOrNull(CALLS);

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_MONOTONIC_RAW = 4;
const CLOCK_BOOTTIME = 7;
const NS_PER_S = 1_000_000_000n;

let knownBootId: string | null = null;

/** Read once: it cannot change while a process runs. */
function bootId(): string {
  try {
    knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    knownBootId = "unknown";
  }
  return knownBootId;
}

function linuxClock(c: Libc<typeof CALLS>): Clock {
  // Has its own ArrayBuffer: the address of a small typed array can change.
  const timespec = new BigInt64Array(new ArrayBuffer(16));
  const at = ptr(timespec);
  const gettime = (clock: number): bigint => {
    if (c.clock_gettime(clock, at) !== 0) throw new Error(`Cannot read clock ${clock}: clock_gettime failed`);
    return (timespec[0] ?? 0n) * NS_PER_S + (timespec[1] ?? 0n);
  };
  const readOnce = (): Reading & { readonly gapNs: bigint } => {
    const first = gettime(CLOCK_MONOTONIC_RAW);
    const realNs = gettime(CLOCK_REALTIME);
    const second = gettime(CLOCK_MONOTONIC_RAW);
    return { rawNs: (first + second) / 2n, realNs, gapNs: second - first };
  };
  return {
    rawNs: () => gettime(CLOCK_MONOTONIC_RAW),
    read: () => {
      // The fastest of the readings was not interrupted between the two clocks.
      const [best] = [readOnce(), readOnce(), readOnce()].toSorted((a, b) => Number(a.gapNs - b.gapNs));
      const { rawNs, realNs } = best ?? readOnce();
      return { rawNs, realNs };
    },
    epoch: () => {
      const suspended = (gettime(CLOCK_BOOTTIME) - gettime(CLOCK_MONOTONIC)) / NS_PER_S;
      return `${bootId()}+${suspended}`;
    },
  };
}

/**
 * Without FFI: the runtime's own clocks. The system clock then has millisecond resolution, improved by waiting for
 * a tick.
 */
function portableClock(): Clock {
  return {
    rawNs: () => process.hrtime.bigint(),
    read: () => {
      const start = Date.now();
      let realMs = start;
      // At most one millisecond until it ticks: the moment of the tick is more precise than the value.
      while (realMs === start) realMs = Date.now();
      return { rawNs: process.hrtime.bigint(), realNs: BigInt(realMs) * 1_000_000n };
    },
    epoch: () => bootId(),
  };
}

/** The clocks of this machine. */
export function systemClock(): Clock {
  const c = libc();
  return c === null ? portableClock() : linuxClock(c);
}
