import { readFileSync } from "node:fs";
import { BINARY } from "./binary.ts";
import { TIME_TO_ANSWER } from "./emulation.ts";
import { programPath } from "./programs.ts";
import { type Run, runCommand, type RunOptions } from "./run.ts";
import { tempFolder } from "./temp.ts";

const CLOCK_CALLS = "clock_adjtime,clock_settime,adjtimex,settimeofday";

export interface ClockCalls extends Run {
  /** The calls that would have set the clock, as decoded by strace. */
  readonly calls: readonly string[];
}

/**
 * Runs the binary so that it cannot set the clock: without the capability, and with strace answering every such
 * call instead of the kernel (an emulator passes the calls on, so this works there too). `inject` is that answer:
 * `retval=0`, `error=EPERM`.
 */
export async function withClockCalls(
  args: readonly string[],
  inject: string,
  options: RunOptions = {},
): Promise<ClockCalls> {
  using folder = tempFolder();
  const log = folder.file("strace.log");
  const unprivileged = [programPath("setpriv"), "--bounding-set=-sys_time", "--inh-caps=-sys_time"];
  const traced = [programPath("strace"), "-f", "-qq", "-o", log];
  const answered = ["-e", `trace=${CLOCK_CALLS}`, "-e", `inject=${CLOCK_CALLS}:${inject}`];
  const env = { ...TIME_TO_ANSWER, ...options.env };
  const run = await runCommand([...unprivileged, ...traced, ...answered, BINARY, ...args], {
    ...options,
    env,
  });
  const lines = readFileSync(log, "utf8").split("\n");
  const calls = lines.filter((line) => line.includes("(CLOCK_REALTIME") || /adjtimex|settime/.test(line));
  const passed = calls.filter((line) => !line.endsWith("(INJECTED)"));
  if (passed.length > 0) throw new Error(`a call came to the kernel, not to strace: ${passed.join("; ")}`);
  return { ...run, calls };
}
