import type { Database } from "bun:sqlite";
import type { DestinationFact } from "../plan/actions.ts";

/** SQLite's own, and this program's everywhere. */
const CHECKPOINT_PAGES = 1_000;

/**
 * What is written of a run itself waits for no disk: the next commit of a content takes it along, and without one there
 * is nothing that would be missed. A run in which all is known did five syncs for it.
 */
function unsynced<T>(db: Database, write: () => T): T {
  // What goes from the log into the store's file must be synced on its way: that is left to a commit that does.
  db.run("PRAGMA wal_autocheckpoint = 0");
  db.run("PRAGMA synchronous = OFF");
  try {
    return write();
  } finally {
    db.run("PRAGMA synchronous = FULL");
    db.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  }
}

/** Opens a run's row; its number marks the contents that the run takes up. */
export function beginRun(db: Database, destinationId: number, folder: string, nowMs = Date.now()): number {
  const insert = db.query<{ id: number }, [number, number, string, number]>(
    "INSERT INTO upload_run (destination_id, pid, folder, started_at_ms) VALUES (?, ?, ?, ?) RETURNING id",
  );
  const row = unsynced(db, () => insert.get(destinationId, process.pid, folder, nowMs));
  if (row === null) throw new Error("Cannot open a run in the store");
  return row.id;
}

/** Closes a run's row. A run that was killed has none closed. */
export function endRun(db: Database, runId: number, nowMs = Date.now()): void {
  const update = db.query("UPDATE upload_run SET ended_at_ms = ? WHERE id = ?");
  unsynced(db, () => update.run(nowMs, runId));
}

/** Keeps the totals of a run for `nodupe status`. */
export function recordResult(db: Database, runId: number, result: object): void {
  const update = db.query("UPDATE upload_run SET result = ? WHERE id = ?");
  unsynced(db, () => update.run(JSON.stringify(result), runId));
}

/** For how long what a destination has shown of itself is relied on. */
const FACT_MS = 24 * 3_600_000;

/** Keeps what a destination has shown of itself, for a day. */
export function rememberFact(
  db: Database,
  destinationId: number,
  fact: DestinationFact,
  nowMs: number,
): void {
  if (fact.type === "refuses-batches") {
    db.query("UPDATE destination SET batch_refused_until_ms = ? WHERE id = ?").run(
      nowMs + FACT_MS,
      destinationId,
    );
    return;
  }
  db.query("UPDATE destination SET refuses_duplicates_until_ms = ? WHERE id = ?").run(
    fact.isSo ? nowMs + FACT_MS : null,
    destinationId,
  );
}
