// Shared by the development benchmarks: measuring a child process from outside, medians, the kind of machine.
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { median } from "../src/bench/measure/statistics.ts";

/** The cost of one run. */
export interface Sample {
  readonly wallMs: number;
  /** User and system time of the process and of the children it waited for. */
  readonly cpuMs: number;
  readonly peakBytes: number;
}

export interface TimedRun extends Sample {
  readonly stdout: string;
  readonly exitCode: number;
}

export interface TimedOptions {
  /** In addition to the benchmark's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** A failed run is a result too. */
  readonly mayFail?: boolean;
}

/** How often a child's memory is sampled; a peak in its last moments may be missed. */
const LOOK_EVERY_MS = 2;

/** The high-water mark of a process's resident memory; 0 once it has ended. */
export function peakBytesOf(pid: number | "self"): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/**
 * Runs a command to its end.
 *
 * Its peak memory is polled from /proc: on Linux, the ru_maxrss of wait4 starts at the parent's memory when it
 * started the child, so a large benchmark would find its own size in every child.
 *
 * @throws Error with the command's output if it fails.
 */
export async function timed(command: readonly string[], options: TimedOptions = {}): Promise<TimedRun> {
  const startMs = performance.now();
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...options.env },
    stdin: options.stdin === undefined ? "ignore" : new Blob([options.stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  let peakBytes = 0;
  const look = (): void => {
    peakBytes = Math.max(peakBytes, peakBytesOf(child.pid));
  };
  look();
  const looking = setInterval(look, LOOK_EVERY_MS);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]).finally(() => clearInterval(looking));
  const wallMs = performance.now() - startMs;
  if (exitCode !== 0 && options.mayFail !== true) {
    throw new Error(`${command.join(" ").slice(0, 200)} ended with ${exitCode}: ${stderr.trim()}`);
  }
  const cpuMs = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1_000;
  return { wallMs, cpuMs, peakBytes, stdout, exitCode };
}

/** The median of each figure separately. */
export function middle(samples: readonly Sample[]): Sample {
  return {
    wallMs: median(samples.map(({ wallMs }) => wallMs)),
    cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
    peakBytes: median(samples.map(({ peakBytes }) => peakBytes)),
  };
}

/** The kind of machine, for results. */
export function machine(): { cpu: string | null; cores: number; memory_bytes: number } {
  return { cpu: cpus()[0]?.model ?? null, cores: cpus().length, memory_bytes: totalmem() };
}

/** CPU time of a process with all its threads, in seconds. */
export function cpuS(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (user + system) / 100;
}

/** Whether this benchmark and what it starts have real-time priority (`chrt -r 1`). */
export function isRealtime(): boolean {
  const stat = readFileSync("/proc/self/stat", "latin1");
  // Field 41. The first two end with the last parenthesis, as a name can contain anything.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]) > 0;
}
