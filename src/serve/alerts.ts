import type { Problem } from "../board/problems.ts";

/** What an alert says of a problem: that it came, or that it is over. */
export interface Alert {
  readonly type: "raised" | "cleared";
  readonly at: string;
  readonly problem: Problem;
}

/** A problem that was over for a moment is not told as a new one for so long. */
const QUIET_MS = 10 * 60_000;

/** Turns problems, as they are from look to look, into alerts: each once when it comes, once when it is over. Pure. */
export class Alerts {
  readonly #open = new Map<string, Problem>();
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
      this.#clearedAtMs.set(key, nowMs);
      alerts.push({ type: "cleared", at, problem });
    }
    for (const problem of problems) {
      const isNew = !this.#open.has(problem.key);
      this.#open.set(problem.key, problem);
      const clearedAtMs = this.#clearedAtMs.get(problem.key);
      const isFlicker = clearedAtMs !== undefined && nowMs - clearedAtMs < QUIET_MS;
      if (isNew && !isFlicker) alerts.push({ type: "raised", at, problem });
    }
    for (const [key, clearedAtMs] of this.#clearedAtMs)
      if (nowMs - clearedAtMs >= QUIET_MS) this.#clearedAtMs.delete(key);
    return alerts;
  }
}
