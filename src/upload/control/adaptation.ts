/**
 * How many uploads at once a server bears, decided from what the last ones came to. Grows by doubling until something
 * gives, then by one a round; stays below what was last refused, and tries that again ever more seldom; shrinks by a
 * factor on rejects, and towards where latency stays near its floor (as TCP Vegas and Netflix's gradient limiter do): a
 * queue that builds up at the server or on the link brings latency, not throughput.
 *
 * That this machine is busy is no reason for fewer. All uploads are one thread's: the scheduler gives it the same share
 * however many there are, and each time that its turn comes it deals with every answer that has come meanwhile, so more of
 * them make up for the waiting. What a busy machine does is to lengthen every latency that is measured on it.
 */
export interface Adaptation {
  readonly limit: number;
  /** Doubling: nothing has given yet. */
  readonly ramping: boolean;
  /** The latency that this server has when it is not pressed; null until the first round. */
  readonly floorMs: number | null;
  /** So many were refused last; null where none were, or where it has been passed since. */
  readonly ceiling: number | null;
  /** Rounds just below the ceiling before it is tried again, and how many there were the last time. */
  readonly roundsBelow: number;
  readonly lastRoundsBelow: number;
  /** Rounds until the floor is measured anew. */
  readonly roundsToProbe: number;
  /** While a round measures the floor under a lower limit: the limit to go back to. */
  readonly resumeAt: number | null;
}

/** What a round, as many uploads as were allowed at once, came to. */
export interface Round {
  readonly medianLatencyMs: number;
  /** A refusal for load: 429, 503. */
  readonly rejected: boolean;
  /** The limit was what held uploads back: without that there is no reason to raise it. */
  readonly saturated: boolean;
  /** The share of the time in which this thread waited for a processor, 0 to 1. */
  readonly runDelay: number;
}

export interface Bounds {
  /** Nothing but a reject goes below this: latency is a guess, a reject is not. */
  readonly calm: number;
  readonly max: number;
}

const REJECT_FACTOR = 0.7;
/** Latency may be this many times its floor before the limit gives way: files differ in size. */
const TOLERANCE = 2;
/** No round cuts more than this for latency alone: one slow round may be chance. */
const MOST_CUT = 0.5;
/** A thread that waits for a processor for more of the time than this measures its machine's latency, not the server's. */
const MOST_RUN_DELAY = 0.1;
/** What was refused is tried again after so many rounds, and after twice as many each time that it is refused again. */
const ROUNDS_BELOW = 8;
const MOST_ROUNDS_BELOW = 256;
/**
 * A server that became slower for good and a queue look alike from above, so now and then one round under a quarter
 * of the limit measures the floor anew: under 1% of throughput. It comes sooner where latency holds the limit down.
 */
const PROBE_ROUNDS = 100;
const HELD_DOWN_ROUNDS = 5;
const PROBE_FACTOR = 0.25;

export function beginAdaptation(initial: number, bounds: Bounds): Adaptation {
  return {
    limit: Math.min(bounds.max, Math.max(1, initial)),
    ramping: true,
    floorMs: null,
    ceiling: null,
    roundsBelow: 0,
    lastRoundsBelow: 0,
    roundsToProbe: PROBE_ROUNDS,
    resumeAt: null,
  };
}

export function adapt(state: Adaptation, round: Round, bounds: Bounds): Adaptation {
  const { limit, resumeAt } = state;
  if (round.rejected) return rejected(state, resumeAt ?? limit);
  if (resumeAt !== null) {
    const floorMs = round.medianLatencyMs;
    return { ...state, limit: resumeAt, floorMs, roundsToProbe: PROBE_ROUNDS, resumeAt: null };
  }
  const floorMs = Math.min(round.medianLatencyMs, state.floorMs ?? Infinity);
  const next = follow({ ...state, floorMs, roundsToProbe: state.roundsToProbe - 1 }, floorMs, round, bounds);
  if (next.roundsToProbe > 0 || next.limit <= bounds.calm) return next;
  return { ...next, limit: lowered(next.limit, next.limit * PROBE_FACTOR, bounds), resumeAt: next.limit };
}

/** The latency of a refusal says nothing of the floor. */
function rejected(state: Adaptation, limit: number): Adaptation {
  const refused = Math.floor(limit);
  const isAgain = state.ceiling === refused && state.lastRoundsBelow > 0;
  const rounds = isAgain ? Math.min(MOST_ROUNDS_BELOW, 2 * state.lastRoundsBelow) : ROUNDS_BELOW;
  return {
    ...state,
    limit: Math.max(1, Math.min(refused - 1, Math.floor(limit * REJECT_FACTOR))),
    ramping: false,
    ceiling: refused,
    roundsBelow: rounds,
    lastRoundsBelow: rounds,
    resumeAt: null,
  };
}

/** A lower limit, but never below what is calm; what rejects have brought below that stays where it is. */
function lowered(limit: number, to: number, { calm }: Bounds): number {
  return Math.min(limit, Math.max(to, calm));
}

/** A round that was not refused and measured what it should. */
function follow(state: Adaptation, floorMs: number, round: Round, bounds: Bounds): Adaptation {
  const { limit, roundsToProbe } = state;
  const gradient = Math.max(MOST_CUT, (TOLERANCE * floorMs) / Math.max(round.medianLatencyMs, 0.001));
  if (gradient < 1 && limit > bounds.calm && round.runDelay <= MOST_RUN_DELAY) {
    const to = lowered(limit, limit * gradient + 1, bounds);
    return { ...state, limit: to, ramping: false, roundsToProbe: roundsToProbe - HELD_DOWN_ROUNDS };
  }
  return round.saturated ? grown(state, bounds) : state;
}

function grown(state: Adaptation, { max }: Bounds): Adaptation {
  const { limit, ramping, ceiling, roundsBelow } = state;
  const next = Math.min(max, ramping ? limit * 2 : limit + 1);
  if (ceiling === null) return { ...state, limit: next };
  // A whole round at it, or above, without a refusal: what was refused then is borne now.
  if (Math.floor(limit) >= ceiling) return { ...state, limit: next, ceiling: null, lastRoundsBelow: 0 };
  if (Math.floor(next) < ceiling) return { ...state, limit: next };
  if (roundsBelow > 0) return { ...state, roundsBelow: roundsBelow - 1 };
  return { ...state, limit: Math.min(max, ceiling) };
}
