import type { Because } from "./work.ts";

/** Why a run sends nothing more. It is the reason of the run's AbortSignal, and the one place that says so. */
export type Stop =
  /** Asked to end, by a signal. */
  | { readonly type: "interrupted" }
  | { readonly type: "unauthorized"; readonly status: 401 | 403 | null; readonly reason: string }
  | { readonly type: "unreachable"; readonly status: number | null; readonly reason: string }
  /** The server takes nothing for longer than a run waits: until `untilMs` (run clock), null where it has not said. */
  | {
      readonly type: "rate-limited";
      readonly status: number;
      readonly reason: string;
      readonly untilMs: number | null;
    }
  /** Something failed that a run cannot do without: the store cannot be written. */
  | { readonly type: "broken"; readonly error: unknown };

/** The stop that a run's signal has been aborted with; null while the run goes on. */
export function stopOf(signal: AbortSignal): Stop | null {
  return signal.aborted ? (signal.reason as Stop) : null;
}

/** A run's one AbortController. Its reason is the Stop that came first, from wherever it came. */
export interface Ending extends Disposable {
  readonly signal: AbortSignal;
  end(stop: Stop): void;
}

/** @param asked aborts where the run is asked to end. */
export function endingOf(asked: AbortSignal): Ending {
  const controller = new AbortController();
  const end = (stop: Stop): void => controller.abort(stop);
  const interrupt = (): void => end({ type: "interrupted" });
  if (asked.aborted) interrupt();
  asked.addEventListener("abort", interrupt, { once: true });
  return {
    signal: controller.signal,
    end,
    [Symbol.dispose]: () => asked.removeEventListener("abort", interrupt),
  };
}

/** What becomes of what is not sent because of a stop. */
export type Unsent =
  /** It has failed in this run. */
  | { readonly type: "failed"; readonly because: Because }
  /** It waits for the next run, and is counted so. */
  | { readonly type: "postponed" }
  /** The run ends without a word on it. */
  | { readonly type: "left" };

export function unsentBy(stop: Stop): Unsent {
  switch (stop.type) {
    case "unauthorized":
    case "unreachable":
      return { type: "failed", because: { status: stop.status, reason: `not sent: ${stop.reason}` } };
    case "rate-limited":
      return { type: "postponed" };
    case "interrupted":
    case "broken":
      return { type: "left" };
  }
}
