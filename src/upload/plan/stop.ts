import type { Because } from "./work.ts";

/** Why a run sends nothing more. It is the reason of the run's AbortSignal, and the only record of it. */
export type Stop =
  /** Asked to end, by a signal. */
  | { readonly type: "interrupted" }
  | { readonly type: "unauthorized"; readonly status: 401 | 403 | null; readonly reason: string }
  | {
      readonly type: "unreachable";
      readonly what: "server" | "shared-store";
      readonly status: number | null;
      readonly reason: string;
    }
  /** The server accepts nothing for longer than a run waits: until `untilMs` (run clock), null if it has not said. */
  | {
      readonly type: "rate-limited";
      readonly status: number;
      readonly reason: string;
      readonly untilMs: number | null;
    }
  /** Something failed that a run cannot do without, for example writing the store. */
  | { readonly type: "broken"; readonly error: unknown };

/** The Stop with which a run's signal was aborted; null while the run goes on. */
export function stopOf(signal: AbortSignal): Stop | null {
  return signal.aborted ? (signal.reason as Stop) : null;
}

/** Ended by a signal or a fault before its end. */
export function isCutShort(stop: Stop | null): boolean {
  return stop?.type === "interrupted" || stop?.type === "broken";
}

/** The one AbortController of a run. Its reason is the first Stop, wherever it came from. */
export interface Ending extends Disposable {
  readonly signal: AbortSignal;
  end(stop: Stop): void;
}

/** @param asked aborts when the run is asked to end. */
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

/** How contents are counted that are not sent because of a stop. */
export type Unsent =
  /** Failed in this run. */
  | { readonly type: "failed"; readonly because: Because }
  /** Counted as waiting for the next run. */
  | { readonly type: "postponed" }
  /** Not counted: the run ends without reporting it. */
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
