/**
 * How many uploads to run at once, decided from the results of the last ones. The limit doubles until the server
 * refuses or slows down, then grows by one a round. It stays below the limit that was last refused and retries that one
 * ever more seldom. It shrinks by a factor on rejections, and towards the point where latency stays near its floor (as
 * TCP Vegas and Netflix's gradient limiter do): a queue that builds up at the server or on the link brings latency, not
 * throughput.
 *
 * A busy machine is no reason for fewer uploads. One thread runs them all: the scheduler gives it the same share
 * however many there are, and each time it runs it handles every answer that has arrived, so more uploads make up for
 * the waiting. A busy machine only lengthens every latency measured on it.
 */
export interface Adaptation {
  readonly limit: number;
  /** Still doubling: no refusal or slowdown so far. */
  readonly ramping: boolean;
  /** The latency of this server when not under pressure; null until the first round. */
  readonly floorMs: number | null;
  /** The limit that was last refused; null if none was, or if it has been passed since. */
  readonly ceiling: number | null;
  /** Rounds left to stay below the ceiling before trying it again, and how many there were the last time. */
  readonly roundsBelow: number;
  readonly lastRoundsBelow: number;
  /** Rounds until the floor is measured again. */
  readonly roundsToProbe: number;
  /** The limit to return to after a round that measures the floor under a lower limit. */
  readonly resumeAt: number | null;
}

/** The results of a round: as many uploads as were allowed at once. */
export interface Round {
  readonly medianLatencyMs: number;
  /** An upload was refused because of load: 429 or 503. */
  readonly rejected: boolean;
  /** The limit was reached: otherwise there is no reason to raise it. */
  readonly saturated: boolean;
  /** The share of the time this thread spent waiting for a processor, 0 to 1. */
  readonly runDelay: number;
}

export interface Bounds {
  /** Only a rejection lowers the limit below this: latency is a guess, a rejection is not. */
  readonly calm: number;
  readonly max: number;
}

const REJECT_FACTOR = 0.7;
/** Latency may be this many times its floor before the limit is lowered: files differ in size. */
const TOLERANCE = 2;
/** The most that a round may cut for latency alone: one slow round may be chance. */
const MOST_CUT = 0.5;
/** A thread that waits for a processor longer than this share measures its machine's latency, not the server's. */
const MOST_RUN_DELAY = 0.1;
/** A refused limit is retried after this many rounds, and after twice as many each time it is refused again. */
const ROUNDS_BELOW = 8;
const MOST_ROUNDS_BELOW = 256;
/**
 * A server that became slower for good and a queue look alike. So now and then one round under a quarter of the limit
 * measures the floor again, at a cost of under 1% of throughput. It comes sooner when latency holds the limit down.
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

/** Leaves the floor unchanged: the latency of a refusal says nothing about it. */
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

/** Lowers the limit, but not below `calm`. A limit that rejections have already brought below that is kept. */
function lowered(limit: number, to: number, { calm }: Bounds): number {
  return Math.min(limit, Math.max(to, calm));
}

/** Handles a normal round: without a refusal, and not one that measures the floor. */
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
  // A whole round at or above the ceiling passed without a refusal: the server can now take what it refused then.
  if (Math.floor(limit) >= ceiling) return { ...state, limit: next, ceiling: null, lastRoundsBelow: 0 };
  if (Math.floor(next) < ceiling) return { ...state, limit: next };
  if (roundsBelow > 0) return { ...state, roundsBelow: roundsBelow - 1 };
  return { ...state, limit: Math.min(max, ceiling) };
}
