/** What earlier runs observed of an address. */
export interface Health {
  readonly key: string;
  readonly host: string;
  readonly queries: number;
  readonly answers: number;
  /** Consecutive runs without an answer. */
  readonly failuresInRow: number;
  /** Exponential moving average. */
  readonly delayMs: number | null;
  readonly lastSuccessMs: number | null;
  readonly lastFailureMs: number | null;
  readonly lastReason: string | null;
}

/** Weight of the newest run in the average. */
const DELAY_WEIGHT = 0.25;

/** The delay to expect of an address that answered last time. */
export function expectedDelayNs(health: Health | undefined): bigint | null {
  if (health === undefined || health.failuresInRow > 0 || health.delayMs === null) return null;
  return BigInt(Math.round(health.delayMs * 1e6));
}

export interface Outcome {
  readonly queries: number;
  readonly answers: number;
  readonly delayMs: number | null;
  /** Why there was no answer, or why it was not trusted; null if it was trusted or not needed. */
  readonly reason: string | null;
}

/** The health after another run. */
export function updatedHealth(
  before: Health | undefined,
  identity: Pick<Health, "key" | "host">,
  outcome: Outcome,
  nowMs: number,
): Health {
  const old = before ?? {
    ...identity,
    queries: 0,
    answers: 0,
    failuresInRow: 0,
    delayMs: null,
    lastSuccessMs: null,
    lastFailureMs: null,
    lastReason: null,
  };
  const queries = old.queries + outcome.queries;
  const answers = old.answers + outcome.answers;
  if (outcome.answers > 0) {
    const delay = outcome.delayMs ?? old.delayMs ?? 0;
    const delayMs = old.delayMs === null ? delay : old.delayMs + DELAY_WEIGHT * (delay - old.delayMs);
    const updated = { ...old, queries, answers, failuresInRow: 0, delayMs, lastSuccessMs: nowMs };
    // Addresses that gave wrong time are asked again, like slow ones: each run judges anew.
    return outcome.reason === null
      ? updated
      : { ...updated, lastFailureMs: nowMs, lastReason: outcome.reason };
  }
  if (outcome.reason === null) return { ...old, queries };
  const { reason } = outcome;
  return {
    ...old,
    queries,
    failuresInRow: old.failuresInRow + 1,
    lastFailureMs: nowMs,
    lastReason: reason,
  };
}
