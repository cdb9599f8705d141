import { Database } from "bun:sqlite";
import { closeSync } from "node:fs";
import { Failure, messageOf } from "../../lib/errors.ts";
import { createEvents, NO_DURATION } from "../log/events.ts";
import { finish, lineIdentity, mixFirst, mixSecond, SEED_FIRST, SEED_SECOND } from "../log/line-hash.ts";
import type { Ingestion } from "./ingest.ts";
import { StoredLines } from "./line-dedupe.ts";
import { addEvent, addLine, createRollup, finishRollup, type Rollup } from "../store/rollup.ts";
import { openDescriptor } from "./source.ts";
import { ACTIONS, HOUR_MS, LINE_ENDED, OUTCOMES } from "../log/vocabulary.ts";

/** A row of storj_monitor's `events`; times are ISO 8601, durations ms. */
interface Row {
  id: number;
  timestamp: string;
  action: string | null;
  status: string | null;
  size: number | null;
  piece: string | null;
  satellite: string | null;
  remote: string | null;
  durationMs: number | null;
}

/** Rows that one transaction takes over. */
const ROWS_A_BATCH = 16_384;

export interface MonitorResult {
  readonly imported: number;
  readonly known: number;
  /** Rows with an action, status or time that means nothing. */
  readonly skipped: number;
}

function laneOf(row: Row, seed: number, mix: typeof mixFirst): number {
  let lane = seed;
  for (const character of `${row.piece ?? ""} ${row.satellite ?? ""} ${row.action ?? ""} ${row.remote ?? ""}`) {
    lane = mix(lane, character.codePointAt(0) ?? 0);
  }
  return finish(lane);
}

function openMonitor(path: string): Database {
  closeSync(openDescriptor(path));
  try {
    const db = new Database(path, { readonly: true });
    const columns = db.query<{ name: string }, []>("PRAGMA table_info(events)").all();
    const names = new Set(columns.map((column) => column.name));
    if (!["timestamp", "action", "status", "piece_id", "satellite_id"].every((name) => names.has(name))) {
      db.close();
      throw new Failure(
        "usage",
        `${path} is no database of storj_monitor: it has no table of events as that program writes it`,
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
 * Takes over the events of storj_monitor's database: again adds nothing. Its rows keep neither the port nor the
 * offset, so they cannot be told to be the same operations as a log's lines: of the same time, ingest either the logs
 * or the database.
 *
 * `node` names the node there; rows of other nodes are left. A database of one node may name it otherwise.
 */
export function importMonitor(
  to: Ingestion,
  path: string,
  options: { node: string; signal: AbortSignal },
): MonitorResult {
  using source = openMonitor(path);
  const columns = source.query<{ name: string }, []>("PRAGMA table_info(events)").all();
  const has = (name: string): boolean => columns.some((column) => column.name === name);
  const named = has("node_name")
    ? source
        .query<{ name: string }, []>("SELECT DISTINCT node_name AS name FROM events")
        .all()
        .map(({ name }) => name)
    : [];
  if (named.length > 1 && !named.includes(options.node)) {
    throw new Failure("usage", `${path} holds the nodes ${named.join(", ")}; name one of them with --node`);
  }
  const filter = named.length > 1 ? "AND node_name = ?3" : "AND ?3 IS NOT NULL";
  const rows = source.query<Row, [number, number, string]>(
    `SELECT id, timestamp, action, status, size, piece_id AS piece, satellite_id AS satellite, remote_ip AS remote,
     ${has("duration_ms") ? "duration_ms" : "NULL"} AS durationMs FROM events WHERE id > ?1 ${filter} ORDER BY id LIMIT ?2`,
  );
  to.writer.startFile();
  const { db, node, state } = to;
  const known = new StoredLines({
    db,
    nodeId: node.id,
    closedBeforeMs: node.closedBeforeMs,
    open: state.open,
    own: [],
  });
  const result = { imported: 0, known: 0, skipped: 0 };
  let lastId = -1;
  while (!options.signal.aborted) {
    const batch = rows.all(lastId, ROWS_A_BATCH, options.node);
    if (batch.length === 0) break;
    const events = createEvents(batch.length);
    const hours = new Map<number, Rollup>();
    let newestMs: number | null = null;
    for (const row of batch) {
      lastId = row.id;
      const action = ACTIONS.findIndex((name) => name === row.action);
      const outcome = OUTCOMES.findIndex((name) => name === row.status);
      const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(row.timestamp) ? row.timestamp : `${row.timestamp}Z`;
      const timeMs = Date.parse(zoned.replace(" ", "T"));
      if (action < 0 || outcome < 0 || outcome > 2 || Number.isNaN(timeMs)) {
        result.skipped += 1;
        continue;
      }
      const size = row.size ?? -1;
      const keyLow = laneOf(row, SEED_FIRST, mixFirst);
      const keyHigh = laneOf(row, SEED_SECOND, mixSecond) & 0xffff;
      if (known.take(lineIdentity(timeMs, keyLow, keyHigh, LINE_ENDED + outcome, size), timeMs)) {
        result.known += 1;
        continue;
      }
      const at = events.count;
      events.timeMs[at] = timeMs;
      // That program writes 0 for "within the same second" and for "not known" alike.
      events.durationMs[at] =
        row.durationMs === null || row.durationMs <= 0 ? NO_DURATION : Math.round(row.durationMs);
      events.sizeBytes[at] = size;
      events.satellite[at] = row.satellite === null ? 0 : to.satellites.idOf(row.satellite);
      events.action[at] = action;
      events.outcome[at] = outcome;
      events.coarse[at] = timeMs % 1000 === 0 ? 1 : 0;
      events.keyLow[at] = keyLow;
      events.keyHigh[at] = keyHigh;
      events.count = at + 1;
      const startMs = Math.floor(timeMs / HOUR_MS) * HOUR_MS;
      let hour = hours.get(startMs);
      if (hour === undefined) hours.set(startMs, (hour = createRollup()));
      addLine(hour.summary, timeMs, 1);
      addEvent(hour, events, at);
      if (newestMs === null || timeMs > newestMs) newestMs = timeMs;
    }
    for (const rollup of hours.values()) finishRollup(rollup);
    result.imported += events.count;
    to.writer.commit({ events, hours, facts: [], state, newestMs, checkpoint: null });
  }
  return result;
}
