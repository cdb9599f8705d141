/** What `--watch` carries from one round to the next. */
export interface WatchState {
  /** Exponential mean of the offset, in seconds; null before the first answer. */
  readonly meanOffsetS: number | null;
  /** Rounds in a row in which less than half of the servers answered. */
  readonly sparseRounds: number;
}

export const WATCH_START: WatchState = { meanOffsetS: null, sparseRounds: 0 };

export interface WatchRound {
  readonly offsetS: number | null;
  /** Whether the clock is surely off by more than is allowed. */
  readonly isBeyond: boolean;
  /** Null where none was asked (offline). */
  readonly servers: { readonly asked: number; readonly answered: number } | null;
}

/** Weight of the newest round in the mean. */
const NEWEST_WEIGHT = 0.2;
/** So many rounds in a row with less than half of the servers are worth an alert. */
const SPARSE_ROUNDS = 3;

export interface WatchStep {
  readonly state: WatchState;
  /** What to be alarmed at; empty in a good round. */
  readonly alerts: readonly string[];
}

/** One round more. An offset that is not known leaves the mean as it is. */
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
