import type { Database } from "bun:sqlite";
import { Failure } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";
import { sealStoredBlobs } from "./sealed-blob.ts";

/** `NODU` in ASCII: distinguishes our files from other SQLite databases. */
const APPLICATION_ID = 0x4e4f4455;

/** What a database says about itself: whether it holds anything, its application id and its schema version. */
interface Mark {
  readonly holds: 0 | 1;
  readonly application: number;
  readonly version: number;
}

/** One statement, hence one snapshot: another process may commit its tables and their id together. */
const MARK = `SELECT EXISTS (SELECT 1 FROM sqlite_schema) AS holds, application_id AS application, user_version AS version
  FROM pragma_application_id, pragma_user_version`;

function markOf(db: Database): Mark {
  return db.query<Mark, []>(MARK).get() ?? { holds: 0, application: 0, version: 0 };
}

/** Whether the header alone marks a database as ours. */
export function saysOurs(db: Database): boolean {
  return (
    db.query<{ application_id: number }, []>("PRAGMA application_id").get()?.application_id === APPLICATION_ID
  );
}

/**
 * @returns the schema version; 0 for an empty database.
 * @throws Failure usage if the database belongs to another program, or its schema is newer than `known`.
 */
export function refuseForeign(db: Database, path: string, known: number): number {
  const { holds, application, version } = markOf(db);
  if (holds === 1 && application !== APPLICATION_ID) {
    throw new Failure(
      "usage",
      `${path} is an SQLite database of another program, not a nodupe store; name another file with --db`,
    );
  }
  if (version > known) {
    throw new Failure(
      "usage",
      `the store ${path} was written by a newer nodupe (its schema is ${version}, nodupe ${VERSION} knows ${known}); upgrade nodupe, or name another store with --db`,
    );
  }
  return holds === 1 ? version : 0;
}

/** drizzle changes a column by recreating its table. Rows of other tables may dangle only while it does. */
function refuseDangling(db: Database): void {
  const dangling = db.query<{ table: string; parent: string }, []>("PRAGMA foreign_key_check").get();
  if (dangling === null) return;
  throw new Error(
    `Cannot migrate the store: a row of ${dangling.table} points to none of ${dangling.parent}; nothing was changed`,
  );
}

/** Steps that SQL cannot express, by the name that the migration calls them by (`SELECT 'then NAME'`). */
const BEHIND_STEP: Readonly<Record<string, (db: Database) => void>> = { seal_blobs: sealStoredBlobs };

function take(db: Database, sql: string): void {
  db.run(sql);
  const then = /^SELECT 'then (\w+)';$/m.exec(sql)?.[1];
  if (then !== undefined) BEHIND_STEP[then]?.(db);
}

/**
 * Brings a store to the newest schema. Safe when several processes start at once: the first to get the write lock
 * migrates, the others find it done.
 */
export function migrate(db: Database, path: string, migrations: readonly string[]): void {
  if (refuseForeign(db, path, migrations.length) === migrations.length) return;
  // This pragma has no effect within a transaction, so it comes first.
  db.run("PRAGMA foreign_keys = OFF");
  db.run("BEGIN IMMEDIATE");
  try {
    for (const sql of migrations.slice(refuseForeign(db, path, migrations.length))) take(db, sql);
    refuseDangling(db);
    db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.run(`PRAGMA user_version = ${migrations.length}`);
    db.run("COMMIT");
  } catch (error) {
    if (db.inTransaction) db.run("ROLLBACK");
    throw error;
  } finally {
    db.run("PRAGMA foreign_keys = ON");
  }
  // So that the file's header shows that it is ours (saysOurs), and later processes need not read all this from
  // the log.
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
}
