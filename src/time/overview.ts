import type { Database } from "bun:sqlite";
import { desc, isNotNull } from "drizzle-orm";
import { isoOrNull } from "../lib/format/moment.ts";
import { ormOf } from "../db/orm.ts";
import { timeRuns, timeServers } from "../db/tables/time.ts";

/** A stored measurement, by the clock at that time. */
export interface PastMeasurement {
  readonly at: string;
  readonly source: string | null;
  /** True only for NTS. */
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
  /** Why its last answer was missing or not trusted; null if it was good. */
  readonly reason: string | null;
}

/** The measurements of one period combined: one point of a chart. */
interface MeasuredStretch {
  /** The mean of their times. */
  readonly at: string;
  readonly measurements: number;
  /** The mean of those by servers; null if none of them got an answer. */
  readonly offset_s: number | null;
  /** The lowest and the highest possible true offset, by the bounds of all of them. */
  readonly offset_low_s: number | null;
  readonly offset_high_s: number | null;
  /** Mean parts per million. */
  readonly drift_ppm: number | null;
}

/** What the store knows about the clock. */
export interface ClockOverview {
  /** The newest measurement from servers; null if there is none. */
  readonly last: PastMeasurement | null;
  /** Seconds since then; negative if the clock was set back. */
  readonly age_s: number | null;
  /** Oldest first; periods without a measurement are omitted. */
  readonly history: readonly MeasuredStretch[];
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

interface StretchRow {
  readonly atMs: number;
  readonly measurements: number;
  readonly offsetS: number | null;
  readonly lowS: number | null;
  readonly highS: number | null;
  readonly driftPpm: number | null;
}

/** Runs whose time servers confirmed. The RTC, a file or the build time only says what the clock could be. */
const BY_SERVERS = "WHERE true_at_ms IS NOT NULL";

/** Periods start at multiples of their width, so that a past one never changes. */
function stretches(db: Database, sinceMs: number, widthMs: number): MeasuredStretch[] {
  return db
    .query<StretchRow, [number, number]>(
      `SELECT avg(started_at_ms) AS atMs, count(*) AS measurements, avg(offset_s) FILTER (${BY_SERVERS}) AS offsetS,
              min(offset_s - coalesce(error_bound_s, 0)) FILTER (${BY_SERVERS}) AS lowS,
              max(offset_s + coalesce(error_bound_s, 0)) FILTER (${BY_SERVERS}) AS highS,
              avg(drift_ppm) AS driftPpm
       FROM time_runs WHERE started_at_ms >= ? GROUP BY started_at_ms / ? ORDER BY atMs`,
    )
    .all(sinceMs, widthMs)
    .map(({ atMs, measurements, offsetS, lowS, highS, driftPpm }) => ({
      at: new Date(atMs).toISOString(),
      measurements,
      offset_s: offsetS,
      offset_low_s: lowS,
      offset_high_s: highS,
      drift_ppm: driftPpm,
    }));
}

type ServerRow = typeof timeServers.$inferSelect;

/** A pool's name leads to ever new addresses: only those asked last are shown. */
const ADDRESSES_SHOWN = 8;
const SERVERS = `SELECT key, host, queries, answers, failures_in_row AS failuresInRow, delay_ms AS delayMs,
    last_success_ms AS lastSuccessMs, last_failure_ms AS lastFailureMs, last_reason AS lastReason
  FROM (SELECT *, row_number() OVER (PARTITION BY host
      ORDER BY max(coalesce(last_success_ms, 0), coalesce(last_failure_ms, 0)) DESC, key) AS place FROM time_servers)
  WHERE place <= ? ORDER BY host, key`;

function serversOf(db: Database): readonly ServerRow[] {
  return db.query<ServerRow, [number]>(SERVERS).all(ADDRESSES_SHOWN);
}

/**
 * Reads the newest measurement, and those since `sinceMs` in `points` periods of equal length: a history with one
 * measurement per second is no larger than a daily one, and hides no outlier.
 */
export function clockOverview(
  db: Database,
  options: { readonly nowMs: number; readonly sinceMs: number; readonly points: number },
): ClockOverview {
  const orm = ormOf(db);
  const [last] = orm
    .select()
    .from(timeRuns)
    .where(isNotNull(timeRuns.trueAtMs))
    .orderBy(desc(timeRuns.id))
    .limit(1)
    .all();
  const widthMs = Math.max(1, Math.ceil((options.nowMs - options.sinceMs) / options.points));
  const servers = serversOf(db);
  return {
    last: last === undefined ? null : measurementOf(last),
    age_s: last === undefined ? null : (options.nowMs - last.startedAtMs) / 1_000,
    history: stretches(db, options.sinceMs, widthMs),
    servers: servers.map((row) => ({
      host: row.host,
      address: row.key,
      queries: row.queries,
      answers: row.answers,
      delay_ms: row.delayMs,
      last_success: isoOrNull(row.lastSuccessMs),
      // An answer that was not trusted counts as both success and failure at the same moment.
      reason: row.failuresInRow > 0 || row.lastFailureMs === row.lastSuccessMs ? row.lastReason : null,
    })),
  };
}
