import { wait } from "../../lib/wait.ts";
import { CLOCK_UNTOUCHED } from "../../time/result.ts";
import type { TimeSession } from "../../time/session.ts";
import type { Job } from "./jobs.ts";

export interface TimeJobOptions {
  readonly intervalMs: number;
  readonly openSession: (signal: AbortSignal) => TimeSession;
}

/** Measures the clock regularly, as `nodupe time --watch` does; never sets it. */
export function timeJob({ intervalMs, openSession }: TimeJobOptions): Job {
  return {
    name: "time",
    run: async (signal) => {
      using session = openSession(signal);
      for (;;) {
        const startedMs = performance.now();
        const { result, obtained } = await session.measure();
        if (signal.aborted) break;
        session.record(result, obtained, CLOCK_UNTOUCHED);
        await session.refreshNames(intervalMs * 1.5);
        if (!(await wait(Math.max(0, intervalMs - (performance.now() - startedMs)), signal))) break;
      }
      session.saveClock();
    },
  };
}
