/**
 * How many uploads at once a server and this machine bear, decided from what the last ones came to. Grows by doubling
 * until something gives, then by one a round; shrinks by a factor on rejects, and towards where latency stays near its
 * floor, as in Netflix's gradient limiter and TCP Vegas: a queue that builds up at the server or on the link
 * brings latency, not throughput.
 */
export interface Adaptation {
  /** Fractional; the limit in force is its floor. */
  readonly limit: number;
  /** Doubling: nothing has given yet. */
  readonly ramping: boolean;
  /** The latency that this server has when it is not pressed; null until the first round. */
  readonly floorMs: number | null;
}

/** What a round, as many uploads as were allowed at once, came to. */
export interface Round {
  readonly medianLatencyMs: number;
  /** A refusal for load: 429, 503, a time-out. */
  readonly rejected: boolean;
  /** Runnable processes for each core of this machine. */
  readonly loadPerCore: number;
  /** The limit was what held uploads back: without that there is no reason to raise it. */
  readonly saturated: boolean;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

const REJECT_FACTOR = 0.7;
const BUSY_FACTOR = 0.9;
/** Latency may be this many times its floor before the limit gives way: files differ in size. */
const TOLERANCE = 2;
/** No round cuts more than this for latency alone: one slow round may be chance. */
const MOST_CUT = 0.5;
/** The floor forgets so much a round, or a server that became slower for good would be taken for a queue for ever. */
const FLOOR_DRIFT = 1.02;
/** A load above this leaves the limit where it is; above twice this it is lowered: others need the machine too. */
const BUSY_LOAD = 2;

export function beginAdaptation(initial: number, bounds: Bounds): Adaptation {
  return { limit: clamp(initial, bounds), ramping: true, floorMs: null };
}

function clamp(limit: number, { min, max }: Bounds): number {
  return Math.min(max, Math.max(min, limit));
}

export function adapt(state: Adaptation, round: Round, bounds: Bounds): Adaptation {
  const { limit } = state;
  if (round.rejected) {
    // The latency of a refusal says nothing of the floor.
    return { ...state, limit: clamp(limit * REJECT_FACTOR, bounds), ramping: false };
  }
  const floorMs = Math.min(round.medianLatencyMs, (state.floorMs ?? Infinity) * FLOOR_DRIFT);
  const gradient = Math.max(MOST_CUT, (TOLERANCE * floorMs) / Math.max(round.medianLatencyMs, 0.001));
  if (round.loadPerCore > 2 * BUSY_LOAD) {
    return { limit: clamp(limit * BUSY_FACTOR, bounds), ramping: false, floorMs };
  }
  if (gradient < 1) return { limit: clamp(limit * gradient + 1, bounds), ramping: false, floorMs };
  if (!round.saturated || round.loadPerCore > BUSY_LOAD) return { ...state, floorMs };
  return { limit: clamp(state.ramping ? limit * 2 : limit + 1, bounds), ramping: state.ramping, floorMs };
}
