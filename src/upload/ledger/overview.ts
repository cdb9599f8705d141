import type { Database } from "bun:sqlite";
import { count, desc, inArray, max, or, sql } from "drizzle-orm";
import { isoOrNull } from "../../lib/format/moment.ts";
import { ormOf } from "../../db/orm.ts";
import type { Store } from "../../db/open.ts";
import {
  contents,
  type DestinationRow,
  destinations,
  uploadRuns,
  uploadShares,
  uploadWatches,
} from "../../db/tables/upload.ts";
import type { RunTotals } from "../report/tally.ts";
import { isDestinationLocked } from "./destination.ts";

/** Contents that failed for the same reason. */
export interface FailureGroup {
  readonly destination: string;
  readonly reason: string;
  readonly status: number | null;
  readonly count: number;
}

/** Whether a server accepts uploads, as the last run that needed it found. */
interface BreakerOverview {
  /** `open`: it did not, and nothing but a health check now and then is sent. */
  readonly state: "closed" | "open";
  readonly since: string | null;
  readonly open_s: number | null;
  readonly reason: string | null;
  /** When it accepts uploads again, if it has said so. */
  readonly until: string | null;
}

interface DestinationOverview {
  readonly url: string;
  readonly pending: number;
  readonly sending: number;
  readonly done: number;
  readonly failed: number;
  readonly breaker: BreakerOverview;
}

/** A run's result as the store has it; an older program may have left something out. */
type RecordedTotals = { readonly [Name in keyof RunTotals]?: RunTotals[Name] | undefined };

export interface RunOverview {
  readonly destination: string;
  readonly folder: string;
  readonly pid: number;
  /** The run was not closed, and its process still works on the destination. */
  readonly at_work: boolean;
  readonly started: string;
  readonly ended: string | null;
  /** The totals of the run's result; null while it is at work, and if it was killed. */
  readonly result: RecordedTotals | null;
}

interface WatchOverview {
  readonly destination: string;
  readonly folder: string;
  readonly pid: number;
  /** false: the process that was watching has ended without closing its record. */
  readonly at_work: boolean;
  readonly mode: string;
  readonly reason: string | null;
  readonly since: string;
}

interface ShareOverview {
  readonly destination: string;
  /** The shared store, without user and password. */
  readonly address: string;
  readonly state: "joined" | "settling" | "away";
  readonly reason: string | null;
  /** Whether the process that reported this still runs. */
  readonly at_work: boolean;
  readonly since: string;
}

/** The state of the uploads, as the store has it. */
export interface UploadsOverview {
  readonly destinations: readonly DestinationOverview[];
  readonly failures: readonly FailureGroup[];
  /** Newest first. */
  readonly runs: readonly RunOverview[];
  readonly watches: readonly WatchOverview[];
  /** Histories shared with other machines, as this one last saw them. */
  readonly shares: readonly ShareOverview[];
  /** The end of the last run that uploaded something. */
  readonly last_success: string | null;
}

const RUNS_SHOWN = 10;
const REASONS_SHOWN = 20;

/**
 * Whether the process that wrote a row still works on the destination. Its number alone may belong to another process
 * by now, after a restart of the machine for one.
 */
function isAtWork(storePath: string, url: string, pid: number): boolean {
  return pid === process.pid || (isThere(pid) && isDestinationLocked(storePath, url) !== false);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function parsed(text: string | null): RecordedTotals | null {
  try {
    return text === null ? null : (JSON.parse(text) as RecordedTotals);
  } catch {
    return null;
  }
}

const HOUR_MS = 3_600_000;

/** How many contents became done in each of the last `hours`, oldest first: sent, or known to the server. */
export function doneByHour(db: Database, { nowMs, hours }: { nowMs: number; hours: number }): number[] {
  const first = Math.floor(nowMs / HOUR_MS) - hours + 1;
  const rows = db
    .query<{ hour: number; count: number }, [number]>(
      `SELECT updated_at_ms / 3600000 AS hour, count(*) AS count FROM content
       WHERE state = 'done' AND updated_at_ms >= ? AND via IS NOT 'import' GROUP BY hour`,
    )
    .all(first * HOUR_MS);
  const counts = new Map(rows.map(({ hour, count: of }) => [hour, of]));
  return Array.from({ length: hours }, (_, at) => counts.get(first + at) ?? 0);
}

type Outage = Pick<DestinationRow, "outageSinceMs" | "outageReason" | "outageUntilMs">;

function breakerOf(
  { outageSinceMs: sinceMs, outageReason: reason, outageUntilMs: untilMs }: Outage,
  nowMs: number,
): BreakerOverview {
  if (sinceMs === null || (untilMs !== null && untilMs <= nowMs))
    return { state: "closed", since: null, open_s: null, reason: null, until: null };
  return {
    state: "open",
    since: isoOrNull(sinceMs),
    open_s: (nowMs - sinceMs) / 1_000,
    reason,
    until: isoOrNull(untilMs),
  };
}

/** The newest runs, and the newest of each destination. */
function newestRuns(orm: ReturnType<typeof ormOf>): (typeof uploadRuns.$inferSelect)[] {
  const newest = orm
    .select({ id: max(uploadRuns.id) })
    .from(uploadRuns)
    .groupBy(uploadRuns.destinationId);
  const shown = orm
    .select({ id: uploadRuns.id })
    .from(uploadRuns)
    .orderBy(desc(uploadRuns.id))
    .limit(RUNS_SHOWN);
  return orm
    .select()
    .from(uploadRuns)
    .where(or(inArray(uploadRuns.id, newest), inArray(uploadRuns.id, shown)))
    .orderBy(desc(uploadRuns.id))
    .all();
}

/** Reads the queue, the failures by reason and the last runs, over all destinations. */
export function uploadsOverview({ db, path }: Pick<Store, "db" | "path">, nowMs: number): UploadsOverview {
  const orm = ormOf(db);
  const places = orm.select().from(destinations).orderBy(destinations.url).all();
  const urls = new Map(places.map(({ id, url }) => [id, url]));
  // Everything that is not done is in a small index; the rest is done.
  const counts = orm
    .select({ destinationId: contents.destinationId, state: contents.state, count: count() })
    .from(contents)
    .where(sql`${contents.state} <> 'done'`)
    .groupBy(contents.destinationId, contents.state)
    .all();
  const totals = orm
    .select({ destinationId: contents.destinationId, count: count() })
    .from(contents)
    .groupBy(contents.destinationId)
    .all();
  const failures = orm
    .select({
      destinationId: contents.destinationId,
      reason: contents.reason,
      status: contents.status,
      count: count(),
    })
    .from(contents)
    .where(sql`${contents.state} = 'failed'`)
    .groupBy(contents.destinationId, contents.reason, contents.status)
    .orderBy(desc(count()))
    .limit(REASONS_SHOWN)
    .all();
  const last = orm
    .select({ atMs: uploadRuns.endedAtMs })
    .from(uploadRuns)
    .where(sql`json_extract(${uploadRuns.result}, '$.uploaded') > 0`)
    .orderBy(desc(uploadRuns.id))
    .limit(1)
    .get();
  const urlOf = (id: number): string => urls.get(id) ?? "unknown";
  return {
    destinations: places.map(({ id, url, ...outage }) => {
      const of = { pending: 0, sending: 0, done: 0, failed: 0 };
      for (const row of counts) if (row.destinationId === id) of[row.state] = row.count;
      const total = totals.find((row) => row.destinationId === id)?.count ?? 0;
      of.done = total - of.pending - of.sending - of.failed;
      return { url, ...of, breaker: breakerOf(outage, nowMs) };
    }),
    failures: failures.map(({ destinationId, reason, status, count: of }) => ({
      destination: urlOf(destinationId),
      reason: reason ?? "unknown",
      status,
      count: of,
    })),
    runs: newestRuns(orm).map(({ destinationId, folder, pid, startedAtMs, endedAtMs, result }) => ({
      destination: urlOf(destinationId),
      folder,
      pid,
      at_work: endedAtMs === null && isAtWork(path, urlOf(destinationId), pid),
      started: new Date(startedAtMs).toISOString(),
      ended: isoOrNull(endedAtMs),
      result: parsed(result),
    })),
    watches: orm
      .select()
      .from(uploadWatches)
      .all()
      .map(({ destinationId, folder, pid, mode, reason, sinceMs }) => ({
        destination: urlOf(destinationId),
        folder,
        pid,
        at_work: isAtWork(path, urlOf(destinationId), pid),
        mode,
        reason,
        since: new Date(sinceMs).toISOString(),
      })),
    shares: orm
      .select()
      .from(uploadShares)
      .all()
      .map(({ destinationId, address, state, reason, pid, sinceMs }) => ({
        destination: urlOf(destinationId),
        address,
        state,
        reason,
        at_work: isAtWork(path, urlOf(destinationId), pid),
        since: new Date(sinceMs).toISOString(),
      })),
    last_success: isoOrNull(last?.atMs ?? null),
  };
}
