/** The state of a job. Times are in milliseconds, all of the same clock. */
type JobState =
  | { readonly type: "running"; readonly sinceMs: number }
  /** It failed and will be restarted. */
  | { readonly type: "waiting"; readonly sinceMs: number; readonly untilMs: number }
  | { readonly type: "ended"; readonly sinceMs: number };

export interface JobStanding {
  readonly state: JobState;
  /** Failures in total. */
  readonly failures: number;
  /** Failures in a row, each soon after a start. */
  readonly streak: number;
  /** The reason of the last failure. */
  readonly reason: string | null;
}

export type JobEvent =
  | { readonly type: "started" }
  | { readonly type: "failed"; readonly reason: string }
  /** It was asked to end and did. */
  | { readonly type: "ended" };

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** A job that ran this long was healthy: its next failure starts a new streak. */
const WELL_MS = 600_000;

export function firstStanding(nowMs: number): JobStanding {
  return { state: { type: "running", sinceMs: nowMs }, failures: 0, streak: 0, reason: null };
}

/** The next state of a job: one that fails is restarted, with growing pauses. Pure. */
export function jobStep(standing: JobStanding, event: JobEvent, nowMs: number): JobStanding {
  switch (event.type) {
    case "started":
      return { ...standing, state: { type: "running", sinceMs: nowMs } };
    case "ended":
      return { ...standing, state: { type: "ended", sinceMs: nowMs } };
    case "failed": {
      const wasWell = standing.state.type === "running" && nowMs - standing.state.sinceMs >= WELL_MS;
      const streak = wasWell ? 1 : standing.streak + 1;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(streak - 1, 10));
      return {
        state: { type: "waiting", sinceMs: nowMs, untilMs: nowMs + pauseMs },
        failures: standing.failures + 1,
        streak,
        reason: event.reason,
      };
    }
  }
}
