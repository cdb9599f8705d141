import { readFileSync } from "node:fs";

/** The scheduler's counters at one moment, in nanoseconds. */
export interface SchedulerReading {
  readonly atNs: number;
  /** How long this thread was ready to run but had to wait for a processor, in total. */
  readonly delayedNs: number;
}

/**
 * Parses `/proc/self/schedstat` (proc(5), Documentation/scheduler/sched-stats): run time, run delay, time slices. Null
 * if the text holds no such counters.
 */
export function parseSchedstat(text: string, atNs: number): SchedulerReading | null {
  const [, ran, delayed] = /^(\d+) (\d+) \d+$/.exec(text.trim()) ?? [];
  if (ran === undefined || delayed === undefined) return null;
  return Number(ran) + Number(delayed) === 0 ? null : { atNs, delayedNs: Number(delayed) };
}

/** Parses `/proc/pressure/cpu`: the share of the last 10 s that some task waited for a processor, 0 to 1, or null. */
export function parsePressure(text: string): number | null {
  const share = /^some avg10=([\d.]+)/m.exec(text)?.[1];
  return share === undefined ? null : Number(share) / 100;
}

/** The share of the time between two readings that this thread waited for a processor, 0 to 1. */
export function runDelayBetween(before: SchedulerReading, after: SchedulerReading): number {
  const passedNs = after.atNs - before.atNs;
  return passedNs <= 0 ? 0 : Math.min(1, (after.delayedNs - before.delayedNs) / passedNs);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Shorter than a round of uploads, so that even the first rounds have a measurement. */
const LOOK_EVERY_NS = 50_000_000;

/**
 * The share of the time since the last measurement that this thread waited for a processor; null within 50 ms of it.
 */
export function runDelayMeter(): () => number | null {
  const look = (): SchedulerReading | null =>
    parseSchedstat(read("/proc/self/schedstat"), performance.now() * 1e6);
  let last = look();
  let lookedNs = performance.now() * 1e6;
  return () => {
    const atNs = performance.now() * 1e6;
    if (atNs - lookedNs < LOOK_EVERY_NS) return null;
    lookedNs = atNs;
    const before = last;
    last = look();
    // A kernel without these counters may still report the pressure of the whole machine.
    if (before === null || last === null) return parsePressure(read("/proc/pressure/cpu")) ?? 0;
    return runDelayBetween(before, last);
  };
}
