import { readFileSync } from "node:fs";
import { wait } from "../../lib/wait.ts";

const KIB_PER_MIB = 1024;

/** A process's resident memory in MiB, as reported by Linux; null if there is no such process or no /proc. */
export function residentMib(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "latin1");
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
    return kib === undefined ? null : Number(kib) / KIB_PER_MIB;
  } catch {
    return null;
  }
}

/** Samples a process's memory at intervals until its work is done. */
export async function watchResident(
  pid: number,
  work: Promise<unknown>,
  everyMs: number,
): Promise<readonly number[]> {
  const seen: number[] = [];
  const done = new AbortController();
  const settled = work.finally(() => done.abort());
  while (!done.signal.aborted) {
    const mib = residentMib(pid);
    if (mib !== null) seen.push(mib);
    await wait(everyMs, done.signal);
  }
  await settled;
  return seen;
}

/**
 * The memory of a run: all samples, and the maximum of each half. It grows in a process that keeps what it has
 * processed.
 */
export function memoryOver(series: readonly number[]): ReadonlyMap<string, readonly number[]> {
  const middle = Math.ceil(series.length / 2);
  if (series.length < 2)
    throw new Error("the memory of a process cannot be seen here: it takes Linux's /proc");
  return new Map([
    ["resident", series],
    ["most in the first half", [Math.max(...series.slice(0, middle))]],
    ["most in the second half", [Math.max(...series.slice(middle))]],
  ]);
}
