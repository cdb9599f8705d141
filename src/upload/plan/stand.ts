import type { RunProgress, Waiting } from "../progress.ts";
import type { Works } from "./works.ts";

/** What is waited for where nothing is in flight, on the run's clock: the server first, then what is due next. */
function awaited(works: Works, serverUntilMs: number | null): Waiting | null {
  if (serverUntilMs !== null && works.size > 0) return { for: "the server", untilMs: serverUntilMs };
  const isBusy = ["queued", "reserving", "reserved", "sending"] as const;
  if (isBusy.some((state) => works.in(state).size > 0)) return null;
  let nextMs = Infinity;
  for (const { state } of works.in("backoff"))
    if (state.type === "backoff") nextMs = Math.min(nextMs, state.untilMs);
  if (nextMs < Infinity) return { for: "the next try", untilMs: nextMs };
  for (const { state } of works.in("in-doubt"))
    if (state.type === "in-doubt") nextMs = Math.min(nextMs, state.span.untilMs);
  return nextMs < Infinity ? { for: "uploads whose answers were lost", untilMs: nextMs } : null;
}

/**
 * How uploads stand, for those who watch.
 *
 * @param serverUntilMs until when the server is waited for, on the run's clock; null where it is there.
 * @param originMs what to add to the run's clock for Unix milliseconds.
 */
export function standOf(
  works: Works,
  serverUntilMs: number | null,
  originMs: number,
): Pick<RunProgress, "inFlight" | "waiting"> {
  const waiting = awaited(works, serverUntilMs);
  const untilMs = waiting?.untilMs ?? null;
  return {
    inFlight: works.in("sending").size,
    waiting: waiting === null ? null : { ...waiting, untilMs: untilMs === null ? null : untilMs + originMs },
  };
}
