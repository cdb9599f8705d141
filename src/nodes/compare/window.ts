import { Failure } from "../../lib/errors.ts";
import { formatDurationMs } from "../../lib/format/duration.ts";
import type { Window } from "./load.ts";
import { HOUR_MS } from "../log/vocabulary.ts";

export interface WindowRequest {
  readonly lastMs: number;
  readonly since: string | null;
  readonly until: string | null;
}

const TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d))?$/;

function timeOf(text: string, flag: string): number {
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new Failure(
      "usage",
      `${flag} ${text}: expected an ISO 8601 time with a zone (2026-01-31T12:00:00Z), or a date (2026-01-31, UTC)`,
    );
  }
  return ms;
}

/**
 * The requested window, and its name. `--last` counts whole hours: the window begins with the hour that was that long
 * ago, and ends with the present hour. `--since` and `--until` are exact to the millisecond.
 */
export function windowOf(request: WindowRequest, nowMs: number): { window: Window; name: string } {
  const { lastMs, since, until } = request;
  if (since === null && until === null) {
    const sinceMs = Math.floor((nowMs - lastMs) / HOUR_MS) * HOUR_MS;
    return {
      window: { sinceMs, untilMs: Math.ceil((nowMs + 1) / HOUR_MS) * HOUR_MS },
      name: rangeName(lastMs),
    };
  }
  const untilMs = until === null ? nowMs : timeOf(until, "--until");
  const sinceMs = since === null ? untilMs - lastMs : timeOf(since, "--since");
  if (sinceMs >= untilMs) {
    const at = (ms: number): string => new Date(ms).toISOString();
    throw new Failure("usage", `the window is empty: it begins at ${at(sinceMs)} and ends at ${at(untilMs)}`);
  }
  return { window: { sinceMs, untilMs }, name: "custom" };
}

/** The name as people write it: `24h`; in days from two days on. */
function rangeName(ms: number): string {
  return ms === 24 * HOUR_MS ? "24h" : formatDurationMs(ms);
}
