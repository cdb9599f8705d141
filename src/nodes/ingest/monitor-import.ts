import { Database } from "bun:sqlite";
import { openRow } from "../../db/sealed-blob.ts";
import { closeSync } from "node:fs";
import { Failure, messageOf } from "../../lib/errors.ts";
import { nextTurn } from "../../lib/wait.ts";
import { createEvents, NO_DURATION } from "../log/events.ts";
import type { Ingestion } from "./ingestion.ts";
import { HourTable, sumOf } from "../store/hour-table.ts";
import { addEvent, addTime, createRollup, type Rollup, SOURCE_MONITOR, TIER_HOUR } from "../store/rollup.ts";
import { openDescriptor } from "./source.ts";
import { ACTIONS, HOUR_MS, OUTCOMES } from "../log/vocabulary.ts";

/** A row of storj_monitor's `events`; times are ISO 8601 (in another's database anything), durations ms. */
interface Row {
  id: number;
  timestamp: unknown;
  action: string | null;
  status: string | null;
  size: number | null;
  satellite: string | null;
  durationMs: number | null;
}

/** How many rows are read before signals are checked. */
const ROWS_A_TURN = 16_384;

export interface MonitorResult {
  /** Operations that were new in the store. */
  imported: number;
  /** Operations of hours that were imported before. */
  known: number;
  /** Operations of hours that the store already has from the node's log. */
  covered: number;
  /** Rows with an unknown action or status, or an invalid time. */
  skipped: number;
}

/** What a comparison cannot know about imported hours, in words. */
export const MONITOR_LIMITS =
  "storj_monitor does not store log levels, starts, ports or offsets: for these hours the log level is unknown, a duration of 0 counts as unknown, and a window includes each hour whole or not at all";

const COLUMNS = ["id", "timestamp", "action", "status", "size", "piece_id", "satellite_id"];

function openMonitor(path: string): Database {
  closeSync(openDescriptor(path));
  try {
    const db = new Database(path, { readonly: true });
    const columns = db.query<{ name: string }, []>("PRAGMA table_info(events)").all();
    const names = new Set(columns.map((column) => column.name));
    if (!COLUMNS.every((name) => names.has(name))) {
      db.close();
      throw new Failure(
        "usage",
        `${path} is not a storj_monitor database: it has no events table in that program's format`,
      );
    }
    return db;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("usage", `cannot read ${path} as storj_monitor's database: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Reads the rows of the node called `node` there; other nodes' rows are left out. If the database has only one node,
 * that may have another name.
 */
function rowsOf(source: Database, path: string, node: string): (afterId: number) => Row[] {
  const columns = source.query<{ name: string }, []>("PRAGMA table_info(events)").all();
  const has = (name: string): boolean => columns.some((column) => column.name === name);
  const named = has("node_name")
    ? source
        .query<{ name: string }, []>("SELECT DISTINCT node_name AS name FROM events")
        .all()
        .map(({ name }) => name)
    : [];
  if (named.length > 1 && !named.includes(node)) {
    throw new Failure("usage", `${path} has the nodes ${named.join(", ")}; choose one of them with --node`);
  }
  const filter = named.length > 1 ? "AND node_name = ?3" : "AND ?3 IS NOT NULL";
  const duration = has("duration_ms") ? "duration_ms" : "NULL";
  const rows = source.query<Row, [number, number, string]>(
    `SELECT id, timestamp, action, status, size, satellite_id AS satellite, ${duration} AS durationMs
     FROM events WHERE id > ?1 ${filter} ORDER BY id LIMIT ?2`,
  );
  return (afterId) => rows.all(afterId, ROWS_A_TURN, node);
}

/** Unix ms; NaN for anything but a date and time. Without a zone it is UTC. */
function timeOf(timestamp: unknown): number {
  if (typeof timestamp !== "string" || !/^\d{4}-\d\d-\d\d[ T]\d\d:/.test(timestamp)) return Number.NaN;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(timestamp) ? timestamp : `${timestamp}Z`;
  return Date.parse(zoned.replace(" ", "T"));
}

/** Adds a row to its hour; false if the row is skipped. */
function addRow(row: Row, to: Ingestion, hours: Map<number, Rollup>): boolean {
  const action = ACTIONS.findIndex((name) => name === row.action);
  const outcome = OUTCOMES.findIndex((name) => name === row.status);
  const timeMs = timeOf(row.timestamp);
  if (action < 0 || outcome < 0 || outcome > 2 || Number.isNaN(timeMs)) return false;
  const { size, durationMs } = row;
  const event = createEvents(1);
  event.timeMs[0] = timeMs;
  // storj_monitor writes 0 both for "within the same second" and for "unknown".
  const isTimed = durationMs !== null && durationMs > 0 && durationMs <= Number.MAX_SAFE_INTEGER;
  event.durationMs[0] = isTimed ? Math.round(durationMs) : NO_DURATION;
  event.sizeBytes[0] = Number.isSafeInteger(size) && size !== null && size >= 0 ? size : -1;
  event.satellite[0] = row.satellite === null ? 0 : to.satellites.idOf(row.satellite);
  event.action[0] = action;
  event.outcome[0] = outcome;
  event.coarse[0] = timeMs % 1000 === 0 ? 1 : 0;
  event.count = 1;
  const startMs = Math.floor(timeMs / HOUR_MS) * HOUR_MS;
  let hour = hours.get(startMs);
  if (hour === undefined) hours.set(startMs, (hour = createRollup()));
  addTime(hour.summary, timeMs);
  addEvent(hour, event, 0);
  return true;
}

/**
 * Imports the hours of storj_monitor's database as roll-ups. Importing again adds nothing. There is no way to tell
 * whether its rows and a log's lines are the same operations, so each hour comes from only one of them: the log takes
 * precedence, whichever comes first, and of two databases the one with more operations in that hour.
 *
 * Stores everything or, if the signal comes first, nothing.
 */
export async function importMonitor(
  to: Ingestion,
  path: string,
  options: { node: string; signal: AbortSignal },
): Promise<MonitorResult> {
  using source = openMonitor(path);
  const result: MonitorResult = { imported: 0, known: 0, covered: 0, skipped: 0 };
  const hours = new Map<number, Rollup>();
  const rowsAfter = rowsOf(source, path, options.node);
  for (let rows = rowsAfter(-1); rows.length > 0; rows = rowsAfter(rows.at(-1)?.id ?? Infinity)) {
    for (const row of rows) if (!addRow(row, to, hours)) result.skipped += 1;
    await nextTurn();
    if (options.signal.aborted) return { imported: 0, known: 0, covered: 0, skipped: 0 };
  }
  const stored = to.db.query<{ summary: Uint8Array; source: number }, [number, number, number]>(
    "SELECT summary, source FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
  );
  const better = new Map<number, Rollup>();
  for (const [startMs, hour] of hours) {
    const count = sumOf(hour.summary.counts);
    const row = stored.get(to.node.id, TIER_HOUR, startMs);
    const isThere = row !== null && openRow(row, ["summary"]);
    const had = isThere ? sumOf(new HourTable([{ startMs, summary: row.summary }]).operations()) : 0;
    if (row !== null && row.source !== SOURCE_MONITOR) result.covered += count;
    else if (count <= had) result.known += count;
    else {
      better.set(startMs, hour);
      result.imported += count - had;
      result.known += had;
    }
  }
  if (better.size > 0) to.writer.commitHours(better, SOURCE_MONITOR);
  if (result.imported + result.known + result.covered > 0) to.markUsed();
  return result;
}
