/** How a job stands. Moments are in milliseconds of one clock. */
type JobState =
  | { readonly type: "running"; readonly sinceMs: number }
  /** It failed, and is started again. */
  | { readonly type: "waiting"; readonly sinceMs: number; readonly untilMs: number }
  | { readonly type: "ended"; readonly sinceMs: number };

export interface JobStanding {
  readonly state: JobState;
  /** In all. */
  readonly failures: number;
  /** In a row, each soon after its start. */
  readonly streak: number;
  /** Of the last failure. */
  readonly reason: string | null;
}

export type JobEvent =
  | { readonly type: "started" }
  | { readonly type: "failed"; readonly reason: string }
  /** It was asked to, and has. */
  | { readonly type: "ended" };

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** A job that ran for so long was well: the next failure is a new one. */
const WELL_MS = 600_000;

export function firstStanding(nowMs: number): JobStanding {
  return { state: { type: "running", sinceMs: nowMs }, failures: 0, streak: 0, reason: null };
}

/** What becomes of a job: one that fails is started again, after ever longer pauses. Pure. */
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
