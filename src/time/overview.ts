import type { Database } from "bun:sqlite";
import { and, count, desc, gte, isNotNull, sql } from "drizzle-orm";
import { ormOf } from "../db/orm.ts";
import { timeRuns, timeServers } from "../db/tables/time.ts";

/** A measurement that is in the store, by the clock of then. */
export interface PastMeasurement {
  readonly at: string;
  readonly source: string | null;
  /** NTS alone. */
  readonly authenticated: boolean;
  readonly server: string | null;
  readonly offset_s: number | null;
  readonly error_bound_s: number | null;
  readonly drift_ppm: number | null;
  readonly action: string;
}

export interface ServerOverview {
  readonly host: string;
  readonly address: string;
  readonly queries: number;
  readonly answers: number;
  readonly delay_ms: number | null;
  readonly last_success: string | null;
  /** Why it did not answer, or was not believed, last; null where its last answer was good. */
  readonly reason: string | null;
}

/** What the store tells of the clock. */
export interface ClockOverview {
  /** The newest measurement from servers; null where there is none. */
  readonly last: PastMeasurement | null;
  /** Seconds since then; negative where the clock was set back. */
  readonly age_s: number | null;
  /** Oldest first. */
  readonly history: readonly PastMeasurement[];
  readonly servers: readonly ServerOverview[];
}

type Row = typeof timeRuns.$inferSelect;

function measurementOf(row: Row): PastMeasurement {
  return {
    at: new Date(row.startedAtMs).toISOString(),
    source: row.source,
    authenticated: row.source === "nts",
    server: row.server,
    offset_s: row.offsetS,
    error_bound_s: row.errorBoundS,
    drift_ppm: row.driftPpm,
    action: row.action,
  };
}

/**
 * Reads the newest measurement and those since `sinceMs`, thinned to `points` of them: a second-by-second history makes
 * no larger an answer than a daily one.
 */
export function clockOverview(
  db: Database,
  options: { readonly nowMs: number; readonly sinceMs: number; readonly points: number },
): ClockOverview {
  const orm = ormOf(db);
  const [last] = orm
    .select()
    .from(timeRuns)
    .where(isNotNull(timeRuns.offsetS))
    .orderBy(desc(timeRuns.id))
    .limit(1)
    .all();
  const isRecent = gte(timeRuns.startedAtMs, options.sinceMs);
  const recent = orm.select({ count: count() }).from(timeRuns).where(isRecent).get()?.count ?? 0;
  const stride = Math.max(1, Math.ceil(recent / options.points));
  const rows = orm
    .select()
    .from(timeRuns)
    .where(and(isRecent, sql`${timeRuns.id} % ${stride} = 0`))
    .orderBy(timeRuns.id)
    .all();
  const servers = orm.select().from(timeServers).orderBy(timeServers.host, timeServers.key).all();
  return {
    last: last === undefined ? null : measurementOf(last),
    age_s: last === undefined ? null : (options.nowMs - last.startedAtMs) / 1_000,
    history: rows.map(measurementOf),
    servers: servers.map((row) => ({
      host: row.host,
      address: row.key,
      queries: row.queries,
      answers: row.answers,
      delay_ms: row.delayMs,
      last_success: row.lastSuccessMs === null ? null : new Date(row.lastSuccessMs).toISOString(),
      // An answer that was not believed is a success and a failure of one moment.
      reason: row.failuresInRow > 0 || row.lastFailureMs === row.lastSuccessMs ? row.lastReason : null,
    })),
  };
}
