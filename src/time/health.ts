import { endpointKey } from "./net/server-name.ts";
import type { Target } from "./ntp/peer.ts";

/** What earlier runs saw of an address. */
export interface Health {
  readonly key: string;
  readonly host: string;
  readonly queries: number;
  readonly answers: number;
  /** Runs without an answer since the last one that had one. */
  readonly failuresInRow: number;
  /** Exponential mean. */
  readonly delayMs: number | null;
  readonly lastSuccessMs: number | null;
  readonly lastFailureMs: number | null;
  readonly lastReason: string | null;
}

/** An address is held back after this many runs in a row without an answer. */
const HOLD_BACK_AFTER = 3;
/** How long at first; twice as long after each further run, up to a day. */
const HOLD_BACK_MS = 900_000;
/** Holding back may not leave fewer servers than this. */
const LEAST_SERVERS = 4;
const DAY_MS = 86_400_000;
const DELAY_WEIGHT = 0.25;

export function isHeldBack(health: Health, nowMs: number): boolean {
  const surplus = health.failuresInRow - HOLD_BACK_AFTER;
  if (surplus < 0 || health.lastFailureMs === null) return false;
  const ageMs = nowMs - health.lastFailureMs;
  // A clock that was set back since makes the age negative: then nothing is known of it.
  return ageMs >= 0 && ageMs < Math.min(DAY_MS, HOLD_BACK_MS * 2 ** Math.min(surplus, 20));
}

/** Divides targets into those to ask now and those to ask only if the others do not agree. */
export function chooseTargets(
  targets: readonly Target[],
  healthOf: ReadonlyMap<string, Health>,
  nowMs: number,
): { readonly ask: readonly Target[]; readonly reserve: readonly Target[] } {
  const held = new Set(
    targets.filter(({ endpoint }) => {
      const health = healthOf.get(endpointKey(endpoint));
      return health !== undefined && isHeldBack(health, nowMs);
    }),
  );
  const ask = targets.filter((target) => !held.has(target));
  const servers = new Set(ask.map(({ server }) => server));
  return servers.size >= LEAST_SERVERS ? { ask, reserve: [...held] } : { ask: targets, reserve: [] };
}

/** What is to be expected of an address that answered last time. */
export function expectedDelayNs(health: Health | undefined): bigint | null {
  if (health === undefined || health.failuresInRow > 0 || health.delayMs === null) return null;
  return BigInt(Math.round(health.delayMs * 1e6));
}

export interface Outcome {
  readonly queries: number;
  readonly answers: number;
  readonly delayMs: number | null;
  /** Why there was no answer; null where that was nobody's fault (it was not needed). */
  readonly reason: string | null;
}

/** Health after one more run. */
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
    return { ...old, queries, answers, failuresInRow: 0, delayMs, lastSuccessMs: nowMs };
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
