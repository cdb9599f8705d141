import { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";

/**
 * A log stored in the straightforward way: each line's JSON is parsed, each finished operation is a row, indexed
 * by node and time.
 */
export function openRowStore(path: string): Database {
  const db = new Database(path, { create: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run(
    `CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, node TEXT NOT NULL, time_ms INTEGER NOT NULL,
     action TEXT NOT NULL, status TEXT NOT NULL, piece TEXT, satellite TEXT, remote TEXT, size INTEGER,
     duration_ms INTEGER)`,
  );
  db.run("CREATE INDEX IF NOT EXISTS event_time ON event (node, time_ms)");
  return db;
}

interface Line {
  readonly timeMs: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
}

function readLine(text: string): Line | null {
  const [time = "", , logger, message = "", json] = text.split("\t");
  if (logger !== "piecestore" || json === undefined) return null;
  return { timeMs: Date.parse(time), message, fields: JSON.parse(json) as Line["fields"] };
}

const STATUS: Readonly<Record<string, string>> = {
  downloaded: "success",
  uploaded: "success",
  "download canceled": "canceled",
  "upload canceled": "canceled",
  "download failed": "failed",
  "upload failed": "failed",
};

const COMMIT_ROWS = 10_000;

/** Reads a log into rows; a map pairs starts with ends. Returns the number of finished operations. */
export function ingestRows(db: Database, node: string, path: string): number {
  const insert = db.prepare(
    `INSERT INTO event (node, time_ms, action, status, piece, satellite, remote, size, duration_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const started = new Map<string, number>();
  let events = 0;
  db.run("BEGIN");
  for (const text of readFileSync(path, "utf8").split("\n")) {
    const line = readLine(text);
    if (line === null) continue;
    const {
      piece_id: piece,
      satellite_id: satellite,
      action,
      remote_address: remote,
      offset,
      size,
    } = line.fields;
    const key = `${piece} ${satellite} ${action} ${remote} ${offset}`;
    const status = STATUS[line.message];
    if (status === undefined) {
      started.set(key, line.timeMs);
      continue;
    }
    const startMs = started.get(key);
    started.delete(key);
    const durationMs = startMs === undefined ? null : line.timeMs - startMs;
    insert.run(
      node,
      line.timeMs,
      action ?? "",
      status,
      piece ?? null,
      satellite ?? null,
      remote ?? null,
      size ?? null,
      durationMs,
    );
    events += 1;
    if (events % COMMIT_ROWS === 0) {
      db.run("COMMIT");
      db.run("BEGIN");
    }
  }
  db.run("COMMIT");
  return events;
}

interface Row {
  readonly action: string;
  readonly status: string;
  readonly size: number | null;
  readonly duration: number | null;
}

export interface RowMetrics {
  readonly operations: number;
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly downloadBytes: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

function rateOf(rows: readonly Row[]): number {
  return (rows.filter(({ status }) => status === "success").length / rows.length) * 100;
}

/** A node's metrics over a window: loads every row and sorts all durations. */
export function metricsFromRows(
  db: Database,
  node: string,
  window: { readonly sinceMs: number; readonly untilMs: number },
): RowMetrics {
  const rows = db
    .query<Row, [string, number, number]>(
      "SELECT action, status, size, duration_ms AS duration FROM event WHERE node = ? AND time_ms >= ? AND time_ms < ?",
    )
    .all(node, window.sinceMs, window.untilMs);
  const durations = rows
    .flatMap(({ duration }) => (duration === null ? [] : [duration]))
    .sort((a, b) => a - b);
  const at = (q: number): number => durations[Math.floor(q * (durations.length - 1))] ?? 0;
  const downloads = rows.filter(({ action }) => action === "GET" || action === "GET_REPAIR");
  const uploads = rows.filter(({ action }) => action === "PUT" || action === "PUT_REPAIR");
  const egress = rows.filter(({ action, status }) => action.startsWith("GET") && status === "success");
  return {
    operations: rows.length,
    downloadRate: rateOf(downloads),
    uploadRate: rateOf(uploads),
    downloadBytes: egress.reduce((sum, { size }) => sum + (size ?? 0), 0),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
  };
}
