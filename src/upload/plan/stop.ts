/** Why a run sends nothing more. It is the reason of the run's AbortSignal, and the one place that says so. */
export type Stop =
  /** Asked to end, by a signal. */
  | { readonly type: "interrupted" }
  | { readonly type: "unauthorized"; readonly status: 401 | 403 | null; readonly reason: string }
  | { readonly type: "unreachable"; readonly status: number | null; readonly reason: string }
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

/** The server's refusal that a stop stands for: what is not sent has then failed. null: what is not sent is left. */
export function refusalOf(stop: Stop): { readonly status: number | null; readonly reason: string } | null {
  switch (stop.type) {
    case "unauthorized":
    case "unreachable":
      return { status: stop.status, reason: `not sent: ${stop.reason}` };
    case "interrupted":
    case "broken":
      return null;
  }
}
