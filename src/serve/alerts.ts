import type { Problem } from "../board/problems.ts";

/** A problem has appeared, or is over. */
export interface Alert {
  readonly type: "raised" | "cleared";
  readonly at: string;
  readonly problem: Problem;
}

/** A problem that comes back within this time is reported only if it is still there at its end. */
const QUIET_MS = 10 * 60_000;

/** Turns the problems of successive checks into alerts: one when a problem appears, one when it is over. Pure. */
export class Alerts {
  readonly #open = new Map<string, Problem>();
  /** Problems that were reported as over, and when. */
  readonly #clearedAtMs = new Map<string, number>();

  get open(): readonly Problem[] {
    return [...this.#open.values()];
  }

  on(problems: readonly Problem[], nowMs: number): readonly Alert[] {
    const at = new Date(nowMs).toISOString();
    const alerts: Alert[] = [];
    const keys = new Set(problems.map(({ key }) => key));
    for (const [key, problem] of this.#open) {
      if (keys.has(key)) continue;
      this.#open.delete(key);
      // One that came back unreported is still over for the reader.
      if (this.#clearedAtMs.has(key)) continue;
      this.#clearedAtMs.set(key, nowMs);
      alerts.push({ type: "cleared", at, problem });
    }
    for (const problem of problems) {
      const { key } = problem;
      const clearedAtMs = this.#clearedAtMs.get(key);
      const isReported = this.#open.has(key) && clearedAtMs === undefined;
      this.#open.set(key, problem);
      if (isReported || (clearedAtMs !== undefined && nowMs - clearedAtMs < QUIET_MS)) continue;
      this.#clearedAtMs.delete(key);
      alerts.push({ type: "raised", at, problem });
    }
    for (const [key, clearedAtMs] of this.#clearedAtMs)
      if (nowMs - clearedAtMs >= QUIET_MS) this.#clearedAtMs.delete(key);
    return alerts;
  }
}
