import type { RunProgress, Waiting } from "../report/progress.ts";
import type { Works } from "./works.ts";

/** How long others are waited for, on the run's clock (Infinity if not known); null for those that are reachable. */
interface UntilMs {
  readonly server: number | null;
  readonly share: number | null;
}

/** What the run waits for when nothing is in flight, on the run's clock: the server first, then what is due next. */
function awaited(works: Works, { server, share }: UntilMs): Waiting | null {
  if (server !== null && works.size > 0) return { for: "the server", untilMs: server };
  if (share !== null) return { for: "the shared store", untilMs: share === Infinity ? null : share };
  const isBusy = ["unclaimed", "claiming", "queued", "reserving", "reserved", "marking", "sending"] as const;
  if (isBusy.some((state) => works.in[state].size > 0)) return null;
  let nextMs = Infinity;
  for (const { state } of works.in.backoff)
    if (state.type === "backoff") nextMs = Math.min(nextMs, state.untilMs);
  if (nextMs < Infinity) return { for: "the next try", untilMs: nextMs };
  for (const { state } of works.in["in-doubt"])
    if (state.type === "in-doubt") nextMs = Math.min(nextMs, state.span.untilMs);
  if (nextMs < Infinity) return { for: "uploads whose answers were lost", untilMs: nextMs };
  return works.in.elsewhere.size > 0 ? { for: "uploads of other machines", untilMs: null } : null;
}

/**
 * The progress of the uploads, for display.
 *
 * @param originMs what to add to the run's clock for Unix milliseconds.
 */
export function standOf(
  works: Works,
  untilMs: UntilMs,
  originMs: number,
): Pick<RunProgress, "inFlight" | "waiting"> {
  const waiting = awaited(works, untilMs);
  const endMs = waiting?.untilMs ?? null;
  return {
    inFlight: works.in.sending.size,
    waiting: waiting === null ? null : { ...waiting, untilMs: endMs === null ? null : endMs + originMs },
  };
}
