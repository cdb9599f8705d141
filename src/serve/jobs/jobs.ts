import type { Problem } from "../../board/problems.ts";
import { messageOf } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";
import { firstStanding, type JobEvent, type JobStanding, jobStep } from "./restart-policy.ts";

/** A job that this process runs besides serving. */
export interface Job {
  /** For people to read: `follow pi-1`. */
  readonly name: string;
  /** Works until the signal aborts. Throwing, or returning before that, counts as a failure. */
  run(signal: AbortSignal): Promise<void>;
}

/** A job as the page and the API show it. */
export interface JobTold {
  readonly name: string;
  readonly state: "running" | "waiting" | "ended";
  /** When it entered that state. */
  readonly since: string;
  /** When it will be restarted; null if it needs no restart. */
  readonly again: string | null;
  readonly failures: number;
  /** Why it failed last. */
  readonly reason: string | null;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * Runs jobs concurrently. A job that fails is restarted after a pause and delays neither the other jobs nor the page.
 */
export class Jobs {
  readonly #jobs: readonly Job[];
  readonly #onChange: () => void;
  readonly #standings = new Map<string, JobStanding>();

  /** @param onChange called whenever a job starts, fails or ends. */
  constructor(jobs: readonly Job[], onChange: () => void) {
    this.#jobs = jobs;
    this.#onChange = onChange;
  }

  told(): readonly JobTold[] {
    return [...this.#standings].map(([name, { state, failures, reason }]) => ({
      name,
      state: state.type,
      since: isoOf(state.sinceMs),
      again: state.type === "waiting" ? isoOf(state.untilMs) : null,
      failures,
      reason,
    }));
  }

  *problems(): Generator<Problem> {
    for (const [name, { state, reason }] of this.#standings) {
      if (state.type !== "waiting") continue;
      const again = `${isoOf(state.untilMs).slice(11, 19)} UTC`;
      const text = `The job ${name} has failed: ${reason}; it is started again at ${again}`;
      yield { about: "jobs", key: `job:${name}`, text };
    }
  }

  /** Runs until the signal aborts; resolves when all jobs have ended. */
  async run(signal: AbortSignal): Promise<void> {
    for (const { name } of this.#jobs) this.#standings.set(name, firstStanding(Date.now()));
    this.#onChange();
    await Promise.all(this.#jobs.map((job) => this.#keep(job, signal)));
  }

  async #keep(job: Job, signal: AbortSignal): Promise<void> {
    for (;;) {
      let reason = "it has ended by itself";
      try {
        await job.run(signal);
      } catch (error) {
        reason = messageOf(error);
      }
      if (signal.aborted) break;
      const { state } = this.#step(job, { type: "failed", reason });
      const pauseMs = state.type === "waiting" ? state.untilMs - state.sinceMs : 0;
      if (!(await wait(pauseMs, signal))) break;
      this.#step(job, { type: "started" });
    }
    this.#step(job, { type: "ended" });
  }

  #step({ name }: Job, event: JobEvent): JobStanding {
    const nowMs = Date.now();
    const next = jobStep(this.#standings.get(name) ?? firstStanding(nowMs), event, nowMs);
    this.#standings.set(name, next);
    this.#onChange();
    return next;
  }
}
