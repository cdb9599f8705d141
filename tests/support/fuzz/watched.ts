import { readFileSync } from "node:fs";
import { peakBytesOf } from "../../../bench/support.ts";
import { tempFolder } from "../temp.ts";
import { createSharedInput } from "./shared-input.ts";

/** The result of fuzzing one target. */
export interface Fuzzed {
  readonly target: string;
  readonly seed: number;
  readonly elapsed_s: number;
  readonly inputs: number;
  readonly outcomes: number;
  readonly crashes: number;
  readonly hangs: number;
  readonly slowest_ms: number;
  readonly peak_bytes: number;
  /** What went wrong, with the input; null if nothing did. */
  readonly fault: string | null;
}

export interface WatchOptions {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  /** The command that fuzzes; it is passed the target, the seed, the seconds and the shared file. */
  readonly command: readonly string[];
}

/** CPU time of an input that counts as endless. Wall time means nothing on a busy machine. */
const HANG_MS = 10_000;
const LOOK_EVERY_MS = 250;
/** No reader needs more memory, whatever the input; the runtime itself takes a third of it. */
const MOST_BYTES = 600 * 1024 * 1024;
/** The clock tick of /proc/PID/stat: Linux's USER_HZ on every architecture. */
const TICK_MS = 10;

function cpuMsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0;
  }
}

/** Processes that the target started, such as a server: they would outlive a killed parent. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Fuzzes a target in a child process, to detect crashes, endless loops and unbounded memory. */
export async function fuzzWatched({ target, seed, seconds, command }: WatchOptions): Promise<Fuzzed> {
  using folder = tempFolder();
  const path = folder.file("input");
  const shared = createSharedInput(path);
  const startMs = performance.now();
  const child = Bun.spawn(["nice", "-n", "19", ...command, target, String(seed), String(seconds), path], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, TMPDIR: folder.path },
  });
  let begun = 0;
  let cpuMsThen = 0;
  let peakBytes = 0;
  let fault: string | null = null;
  let hangs = 0;
  const stop = (what: string): void => {
    fault ??= `${what}: ${Buffer.from(shared.input).toString("base64")}`;
    for (const pid of childrenOf(child.pid)) process.kill(pid, "SIGKILL");
    child.kill("SIGKILL");
  };
  const looking = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakBytesOf(child.pid));
    if (peakBytes > MOST_BYTES) stop(`takes ${peakBytes} bytes of memory`);
    const cpuMs = cpuMsOf(child.pid);
    if (shared.begun !== begun) {
      begun = shared.begun;
      cpuMsThen = cpuMs;
    } else if (begun > 0 && cpuMs - cpuMsThen > HANG_MS) {
      hangs += 1;
      stop("has no end");
    }
  }, LOOK_EVERY_MS);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]).finally(() => clearInterval(looking));
  const isSound = exitCode === 0 && fault === null;
  const result = isSound ? (JSON.parse(stdout) as { inputs: number; outcomes: number }) : null;
  return {
    target,
    seed,
    elapsed_s: (performance.now() - startMs) / 1_000,
    inputs: result?.inputs ?? shared.begun,
    outcomes: result?.outcomes ?? 0,
    crashes: isSound || hangs > 0 ? 0 : 1,
    hangs,
    slowest_ms: shared.slowestUs / 1_000,
    peak_bytes: peakBytes,
    fault: isSound
      ? null
      : (fault ??
        `ended with ${child.signalCode ?? exitCode} at ${Buffer.from(shared.input).toString("base64")}\n${stderr}`),
  };
}
