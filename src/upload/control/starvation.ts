import { readFileSync } from "node:fs";

/** What the scheduler has told by a moment, in nanoseconds. */
export interface SchedulerReading {
  readonly atNs: number;
  /** The thread ran so long, and so long it could have run and had to wait for a processor. */
  readonly ranNs: number;
  readonly waitedNs: number;
}

/** How short of a processor this thread was, as shares from 0 to 1. */
export interface Shortage {
  /** Of the time that it wanted one, that in which it had none; 0 where it did not want one nearly all the time. */
  readonly starved: number;
  /** Of all time, that in which it could have run and had none: whatever it measures is late by that. */
  readonly waited: number;
}

/** A thread that wants a processor for less of the time than this is not short of one, whatever it waited. */
const BUSY_SHARE = 0.9;

/** `/proc/self/schedstat` (proc(5), Documentation/scheduler/sched-stats): run time, time waited, slices; null where there is none. */
export function parseSchedstat(text: string, atNs: number): SchedulerReading | null {
  const [, ran, waited] = /^(\d+) (\d+) \d+$/.exec(text.trim()) ?? [];
  if (ran === undefined || waited === undefined) return null;
  const [ranNs, waitedNs] = [Number(ran), Number(waited)];
  return ranNs + waitedNs === 0 ? null : { atNs, ranNs, waitedNs };
}

/** `/proc/pressure/cpu`: the share of the last 10 s in which some task waited for a processor, 0 to 1; null where there is none. */
export function parsePressure(text: string): number | null {
  const share = /^some avg10=([\d.]+)/m.exec(text)?.[1];
  return share === undefined ? null : Number(share) / 100;
}

/** How short of a processor this thread was between two readings. */
export function shortageBetween(before: SchedulerReading, after: SchedulerReading): Shortage {
  const waitedNs = after.waitedNs - before.waitedNs;
  const wantedNs = after.ranNs - before.ranNs + waitedNs;
  const passedNs = after.atNs - before.atNs;
  if (passedNs <= 0) return { starved: 0, waited: 0 };
  // Who does not want it nearly all the time loses nothing by more uploads at once.
  const isBusy = wantedNs >= BUSY_SHARE * passedNs;
  return { starved: isBusy ? waitedNs / wantedNs : 0, waited: Math.min(1, waitedNs / passedNs) };
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

const LOOK_EVERY_NS = 500_000_000;

/** Tells, at most twice a second, how short of a processor this thread is; null in between. */
export function shortageMeter(): () => Shortage | null {
  let last: SchedulerReading | null = null;
  let lookedNs = -Infinity;
  return () => {
    const atNs = performance.now() * 1e6;
    if (atNs - lookedNs < LOOK_EVERY_NS) return null;
    lookedNs = atNs;
    const before = last;
    last = parseSchedstat(read("/proc/self/schedstat"), atNs);
    // A kernel without these counters may know the pressure of the whole machine.
    if (last === null) {
      const pressure = parsePressure(read("/proc/pressure/cpu")) ?? 0;
      return { starved: pressure, waited: pressure };
    }
    return before === null ? null : shortageBetween(before, last);
  };
}
