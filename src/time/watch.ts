/** The state that `--watch` keeps between rounds. */
export interface WatchState {
  /** Exponential moving average of the offset, in seconds; null before the first answer. */
  readonly meanOffsetS: number | null;
  /** Consecutive rounds in which less than half of the servers answered. */
  readonly sparseRounds: number;
}

export const WATCH_START: WatchState = { meanOffsetS: null, sparseRounds: 0 };

export interface WatchRound {
  readonly offsetS: number | null;
  /** Whether the clock is certainly off by more than allowed. */
  readonly isBeyond: boolean;
  /** Null if none was queried (offline). */
  readonly servers: { readonly asked: number; readonly answered: number } | null;
}

/** Weight of the newest round in the average. */
const NEWEST_WEIGHT = 0.2;
/** Consecutive rounds with less than half of the servers that trigger an alert. */
const SPARSE_ROUNDS = 3;

export interface WatchStep {
  readonly state: WatchState;
  /** Alerts to raise; empty in a good round. */
  readonly alerts: readonly string[];
}

/** Processes one round. An unknown offset leaves the average unchanged. */
export function watchStep(state: WatchState, round: WatchRound, maxOffsetS: number): WatchStep {
  const { offsetS, isBeyond, servers } = round;
  const { meanOffsetS: mean } = state;
  const meanOffsetS =
    offsetS === null ? mean : mean === null ? offsetS : mean + NEWEST_WEIGHT * (offsetS - mean);
  const isSparse = servers !== null && servers.answered * 2 < servers.asked;
  const sparseRounds = isSparse ? state.sparseRounds + 1 : 0;
  const alerts: string[] = [];
  if (offsetS !== null && isBeyond) {
    alerts.push(`the clock is off by ${offsetS} s, more than ${maxOffsetS} s`);
  }
  if (sparseRounds >= SPARSE_ROUNDS && servers !== null) {
    alerts.push(
      `less than half of the servers answer, for ${sparseRounds} rounds (${servers.answered} of ${servers.asked} now)`,
    );
  }
  return { state: { meanOffsetS, sparseRounds }, alerts };
}
