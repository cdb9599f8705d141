import type { Database } from "bun:sqlite";
import { Failure } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";

/** `NODU` in ASCII: what tells our files from other SQLite databases. */
const APPLICATION_ID = 0x4e4f4455;

function pragma(db: Database, name: "user_version" | "application_id"): number {
  const row = db.query<Record<string, number>, []>(`PRAGMA ${name}`).get();
  return row?.[name] ?? 0;
}

function isEmpty(db: Database): boolean {
  return db.query("SELECT 1 FROM sqlite_schema LIMIT 1").get() === null;
}

/** @throws Failure usage where a database is another program's, or has a schema newer than the one known. */
export function refuseForeign(db: Database, path: string, known: number): void {
  // In this order: another process may commit its tables and their id, together, between the two looks.
  if (!isEmpty(db) && pragma(db, "application_id") !== APPLICATION_ID) {
    throw new Failure(
      "usage",
      `${path} is an SQLite database of another program, not a nodupe store; name another file with --db`,
    );
  }
  const version = pragma(db, "user_version");
  if (version > known) {
    throw new Failure(
      "usage",
      `the store ${path} was written by a newer nodupe (its schema is ${version}, nodupe ${VERSION} knows ${known}); upgrade nodupe, or name another store with --db`,
    );
  }
}

/** drizzle changes a column by making its table anew; rows of other tables may point to nothing only while it does. */
function refuseDangling(db: Database): void {
  const dangling = db.query<{ table: string; parent: string }, []>("PRAGMA foreign_key_check").get();
  if (dangling === null) return;
  throw new Error(
    `Cannot migrate the store: a row of ${dangling.table} points to none of ${dangling.parent}; nothing was changed`,
  );
}

/**
 * Brings a store to the newest schema. Safe when several processes start at once: whoever takes the write lock
 * first migrates, the others find it done.
 */
export function migrate(db: Database, path: string, migrations: readonly string[]): void {
  refuseForeign(db, path, migrations.length);
  if (pragma(db, "user_version") === migrations.length && !isEmpty(db)) return;
  // Within a transaction this pragma does nothing, so that it stands before it.
  db.run("PRAGMA foreign_keys = OFF");
  db.run("BEGIN IMMEDIATE");
  try {
    refuseForeign(db, path, migrations.length);
    for (const sql of migrations.slice(pragma(db, "user_version"))) db.run(sql);
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
}
