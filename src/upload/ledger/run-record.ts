import type { Database } from "bun:sqlite";
import type { DestinationFact } from "../plan/actions.ts";

/** SQLite's default, used everywhere in this program. */
const CHECKPOINT_PAGES = 1_000;

/**
 * Writes about the run itself without waiting for the disk: the next commit of a content syncs them too, and without
 * one nothing would be missed. In a run where everything is known this saves five syncs.
 */
function unsynced<T>(db: Database, write: () => T): T {
  // Pages that move from the log into the store's file must be synced: that is left to a commit that does so.
  db.run("PRAGMA wal_autocheckpoint = 0");
  db.run("PRAGMA synchronous = OFF");
  try {
    return write();
  } finally {
    db.run("PRAGMA synchronous = FULL");
    db.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  }
}

/** The newest runs that are kept, and how often the others are removed, in runs. */
const KEPT = 1_000;
const PRUNED_EVERY = 100;

/** Removes old runs, except each destination's last one and the last one that uploaded something. */
function prune(db: Database, newest: number): void {
  db.query(
    `DELETE FROM upload_run WHERE id <= ? AND id NOT IN (
       SELECT max(id) FROM upload_run GROUP BY destination_id
       UNION SELECT max(id) FROM upload_run WHERE json_extract(result, '$.uploaded') > 0)`,
  ).run(newest - KEPT);
}

/** Opens a run's row; its number marks the contents that the run takes up. */
export function beginRun(db: Database, destinationId: number, folder: string, nowMs = Date.now()): number {
  const insert = db.query<{ id: number }, [number, number, string, number]>(
    "INSERT INTO upload_run (destination_id, pid, folder, started_at_ms) VALUES (?, ?, ?, ?) RETURNING id",
  );
  const row = unsynced(db, () => insert.get(destinationId, process.pid, folder, nowMs));
  if (row === null) throw new Error("Cannot open a run in the store");
  if (row.id % PRUNED_EVERY === 0) prune(db, row.id);
  return row.id;
}

/**
 * Closes a run's row. The row of a killed run stays open.
 *
 * @param totals for `nodupe status`: what `--json` prints, without the failures.
 */
export function endRun(db: Database, runId: number, totals: object, nowMs = Date.now()): void {
  const update = db.query("UPDATE upload_run SET ended_at_ms = ?, result = ? WHERE id = ?");
  unsynced(db, () => update.run(nowMs, JSON.stringify(totals), runId));
}

/** How long something learnt about a destination is relied on. */
const FACT_MS = 24 * 3_600_000;

/** Stores something learnt about a destination, for a day. */
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
