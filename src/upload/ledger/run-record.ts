import type { Database } from "bun:sqlite";
import type { DestinationFact } from "../plan/actions.ts";

/** Opens a run's row; its number marks the contents that the run takes up. */
export function beginRun(db: Database, destinationId: number, folder: string, nowMs = Date.now()): number {
  const row = db
    .query<{ id: number }, [number, number, string, number]>(
      "INSERT INTO upload_run (destination_id, pid, folder, started_at_ms) VALUES (?, ?, ?, ?) RETURNING id",
    )
    .get(destinationId, process.pid, folder, nowMs);
  if (row === null) throw new Error("Cannot open a run in the store");
  return row.id;
}

/** Closes a run's row. A run that was killed has none closed. */
export function endRun(db: Database, runId: number, nowMs = Date.now()): void {
  db.query("UPDATE upload_run SET ended_at_ms = ? WHERE id = ?").run(nowMs, runId);
}

/** Keeps the totals of a run for `nodupe status`. */
export function recordResult(db: Database, runId: number, result: object): void {
  db.query("UPDATE upload_run SET result = ? WHERE id = ?").run(JSON.stringify(result), runId);
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
