/**
 * How many uploads at once a server and this machine bear, decided from what the last ones came to. Grows by doubling
 * until something gives, then by one a round and slowly near where it was last refused (as CUBIC does); shrinks by a
 * factor on rejects, and towards where latency stays near its floor (as TCP Vegas and Netflix's gradient limiter do):
 * a queue that builds up at the server or on the link brings latency, not throughput.
 */
export interface Adaptation {
  /** Fractional; the limit in force is its floor. */
  readonly limit: number;
  /** Doubling: nothing has given yet. */
  readonly ramping: boolean;
  /** The latency that this server has when it is not pressed; null until the first round. */
  readonly floorMs: number | null;
  /** The limit that was last refused; null where none was, or where it has been passed since. */
  readonly ceiling: number | null;
  /** Rounds until the floor is measured anew. */
  readonly roundsToProbe: number;
  /** While a round measures the floor under a lower limit: the limit to go back to. */
  readonly resumeAt: number | null;
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
/** Growth a round, and growth near the ceiling. */
const STEP = 1;
const CAUTIOUS_STEP = 0.2;
const NEAR = 0.85;
/** Latency may be this many times its floor before the limit gives way: files differ in size. */
const TOLERANCE = 2;
/** No round cuts more than this for latency alone: one slow round may be chance. */
const MOST_CUT = 0.5;
/** A load above this leaves the limit where it is; above twice this it is lowered: others need the machine too. */
const BUSY_LOAD = 2;
/**
 * A server that became slower for good and a queue look alike from above, so now and then one round under a quarter
 * of the limit measures the floor anew: under 1% of throughput. It comes sooner where latency holds the limit down.
 */
const PROBE_ROUNDS = 100;
const HELD_DOWN_ROUNDS = 5;
const PROBE_FACTOR = 0.25;

export function beginAdaptation(initial: number, bounds: Bounds): Adaptation {
  return {
    limit: clamp(initial, bounds),
    ramping: true,
    floorMs: null,
    ceiling: null,
    roundsToProbe: PROBE_ROUNDS,
    resumeAt: null,
  };
}

function clamp(limit: number, { min, max }: Bounds): number {
  return Math.min(max, Math.max(min, limit));
}

export function adapt(state: Adaptation, round: Round, bounds: Bounds): Adaptation {
  const { limit, resumeAt } = state;
  if (round.rejected) {
    // The latency of a refusal says nothing of the floor.
    const cut = clamp((resumeAt ?? limit) * REJECT_FACTOR, bounds);
    return { ...state, limit: cut, ramping: false, ceiling: resumeAt ?? limit, resumeAt: null };
  }
  if (resumeAt !== null) {
    return {
      ...state,
      limit: resumeAt,
      floorMs: round.medianLatencyMs,
      roundsToProbe: PROBE_ROUNDS,
      resumeAt: null,
    };
  }
  const floorMs = Math.min(round.medianLatencyMs, state.floorMs ?? Infinity);
  const next = follow({ ...state, floorMs }, floorMs, round, bounds);
  if (next.roundsToProbe > 0) return next;
  return { ...next, limit: clamp(next.limit * PROBE_FACTOR, bounds), resumeAt: next.limit };
}

/** A round that was not refused and measured what it should. */
function follow(state: Adaptation, floorMs: number, round: Round, bounds: Bounds): Adaptation {
  const { limit, ramping, ceiling } = state;
  const roundsToProbe = state.roundsToProbe - 1;
  if (round.loadPerCore > 2 * BUSY_LOAD) {
    return { ...state, limit: clamp(limit * BUSY_FACTOR, bounds), ramping: false, roundsToProbe };
  }
  const gradient = Math.max(MOST_CUT, (TOLERANCE * floorMs) / Math.max(round.medianLatencyMs, 0.001));
  if (gradient < 1) {
    const lowered = clamp(limit * gradient + 1, bounds);
    return { ...state, limit: lowered, ramping: false, roundsToProbe: roundsToProbe - HELD_DOWN_ROUNDS };
  }
  if (!round.saturated || round.loadPerCore > BUSY_LOAD) return { ...state, roundsToProbe };
  if (ramping) return { ...state, limit: clamp(limit * 2, bounds), roundsToProbe };
  // Past the ceiling by a whole place without a refusal: what was refused then is borne now.
  const isPassed = ceiling !== null && limit >= ceiling + 1;
  const step = ceiling !== null && !isPassed && limit >= NEAR * ceiling ? CAUTIOUS_STEP : STEP;
  return { ...state, limit: clamp(limit + step, bounds), ceiling: isPassed ? null : ceiling, roundsToProbe };
}
