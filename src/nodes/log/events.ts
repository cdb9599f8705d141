import { ABANDONED, LINE_ENDED, LINE_STARTED } from "./vocabulary.ts";
import { lineIdentity } from "./line-hash.ts";

/** Marks an unknown duration: the start was not seen. */
export const NO_DURATION = Number.MIN_SAFE_INTEGER;

/** Ended operations (and abandoned starts) as columns. */
export interface Events {
  count: number;
  /** When the operation ended; for an abandoned start, when it started. */
  readonly timeMs: Float64Array;
  /** End minus start. Negative if the clock was set back in between; NO_DURATION if the start is unknown. */
  readonly durationMs: Float64Array;
  /** -1 if the line has no size. */
  readonly sizeBytes: Float64Array;
  /** The satellite's ID in the store; 0 if the line names none. */
  readonly satellite: Uint16Array;
  readonly action: Uint8Array;
  readonly outcome: Uint8Array;
  /** 1 if the timestamp of the end or the start has whole seconds only. */
  readonly coarse: Uint8Array;
  /** The bits of the operation's key that are kept; see KEY_MASK. */
  readonly key: Uint32Array;
}

export function createEvents(capacity: number): Events {
  return {
    count: 0,
    timeMs: new Float64Array(capacity),
    durationMs: new Float64Array(capacity),
    sizeBytes: new Float64Array(capacity),
    satellite: new Uint16Array(capacity),
    action: new Uint8Array(capacity),
    outcome: new Uint8Array(capacity),
    coarse: new Uint8Array(capacity),
    key: new Uint32Array(capacity),
  };
}

/** Appends rows [from, until) of `source`. */
export function copyEvents(to: Events, source: Events, from: number, until: number): void {
  const at = to.count;
  to.timeMs.set(source.timeMs.subarray(from, until), at);
  to.durationMs.set(source.durationMs.subarray(from, until), at);
  to.sizeBytes.set(source.sizeBytes.subarray(from, until), at);
  to.satellite.set(source.satellite.subarray(from, until), at);
  to.action.set(source.action.subarray(from, until), at);
  to.outcome.set(source.outcome.subarray(from, until), at);
  to.coarse.set(source.coarse.subarray(from, until), at);
  to.key.set(source.key.subarray(from, until), at);
  to.count = at + until - from;
}

/** The identity of the line that ended event `row`; null for an abandoned start, which has no such line. */
export function endIdentity(events: Events, row: number): number | null {
  const outcome = events.outcome[row] ?? 0;
  if (outcome === ABANDONED) return null;
  return lineIdentity(
    events.timeMs[row] ?? 0,
    events.key[row] ?? 0,
    LINE_ENDED + outcome,
    events.sizeBytes[row] ?? -1,
  );
}

/** When event `row` started; null if unknown. */
export function startMsOf(events: Events, row: number): number | null {
  const time = events.timeMs[row] ?? 0;
  if (events.outcome[row] === ABANDONED) return time;
  const duration = events.durationMs[row] ?? NO_DURATION;
  return duration === NO_DURATION ? null : time - duration;
}

/** The identity of the line that started event `row`; null if its start is unknown. */
export function startIdentity(events: Events, row: number): number | null {
  const startMs = startMsOf(events, row);
  if (startMs === null) return null;
  return startLineIdentity(startMs, events.key[row] ?? 0);
}

export function startLineIdentity(startMs: number, key: number): number {
  return lineIdentity(startMs, key, LINE_STARTED, 0);
}
