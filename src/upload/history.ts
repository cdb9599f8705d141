import type { Database } from "bun:sqlite";
import type { ContentRow } from "../db/tables/upload.ts";

type State = ContentRow["state"];

export type StateCounts = Readonly<Record<State, number>>;

/** What is known of one content, for people. */
export interface HistoryEntry {
  readonly checksum: string;
  readonly state: State;
  readonly via: ContentRow["via"];
  readonly path: string | null;
  readonly status: number | null;
  readonly reason: string | null;
  readonly updatedAtMs: number;
}

/**
 * Takes contents over as done: known to the server by an earlier client's word. All of them or none; a dry run takes
 * everything back that it has counted.
 */
export function importDone(
  db: Database,
  destinationId: number,
  checksums: Iterable<string>,
  options: { nowMs: number; dryRun: boolean },
): { imported: number; known: number } {
  const insert = db.prepare(
    `INSERT INTO content (destination_id, checksum, state, via, updated_at_ms) VALUES (?1, ?2, 'done', 'import', ?3)
     ON CONFLICT DO UPDATE SET state = 'done', via = 'import', status = NULL, reason = NULL, updated_at_ms = ?3
     WHERE state <> 'done'`,
  );
  let imported = 0;
  let known = 0;
  db.run("BEGIN IMMEDIATE");
  try {
    for (const checksum of checksums) {
      if (insert.run(destinationId, checksum, options.nowMs).changes > 0) imported += 1;
      else known += 1;
    }
    db.run(options.dryRun ? "ROLLBACK" : "COMMIT");
  } catch (error) {
    if (db.inTransaction) db.run("ROLLBACK");
    throw error;
  }
  return { imported, known };
}

/** The checksums of all that is done at a destination, in order. */
export function* doneChecksums(db: Database, destinationId: number): Generator<string> {
  const rows = db
    .query<{ checksum: string }, [number]>(
      "SELECT checksum FROM content WHERE destination_id = ? AND state = 'done' ORDER BY checksum",
    )
    .iterate(destinationId);
  for (const { checksum } of rows) yield checksum;
}

export function countStates(db: Database, destinationId: number): StateCounts {
  const rows = db
    .query<{ state: State; count: number }, [number]>(
      "SELECT state, count(*) AS count FROM content WHERE destination_id = ? GROUP BY state",
    )
    .all(destinationId);
  const counts = { pending: 0, sending: 0, done: 0, failed: 0 };
  for (const { state, count } of rows) counts[state] = count;
  return counts;
}

/** The newest entries first. */
export function listEntries(
  db: Database,
  destinationId: number,
  filter: { state: State | null; limit: number },
): HistoryEntry[] {
  return db
    .query<HistoryEntry, [number, State | null, number]>(
      `SELECT checksum, state, via, path, status, reason, updated_at_ms AS updatedAtMs FROM content
       WHERE destination_id = ?1 AND (?2 IS NULL OR state = ?2)
       ORDER BY updated_at_ms DESC, checksum LIMIT ?3`,
    )
    .all(destinationId, filter.state, filter.limit);
}

/** Every destination that the store knows. */
export function listDestinations(db: Database): { id: number; url: string }[] {
  return db.query<{ id: number; url: string }, []>("SELECT id, url FROM destination ORDER BY url").all();
}

/** The checksums that begin with a prefix, two at most: enough to tell whether it names one. */
export function matchPrefix(db: Database, destinationId: number, prefix: string): string[] {
  return db
    .query<{ checksum: string }, [number, string]>(
      "SELECT checksum FROM content WHERE destination_id = ?1 AND checksum GLOB ?2 || '*' LIMIT 2",
    )
    .all(destinationId, prefix)
    .map(({ checksum }) => checksum);
}

/** Forgets contents, so that they are sent again; null: all of the destination. Answers how many there were. */
export function forget(db: Database, destinationId: number, checksums: readonly string[] | null): number {
  if (checksums === null)
    return db.query("DELETE FROM content WHERE destination_id = ?").run(destinationId).changes;
  return db
    .query("DELETE FROM content WHERE destination_id = ? AND checksum IN (SELECT value FROM json_each(?))")
    .run(destinationId, JSON.stringify(checksums)).changes;
}
