import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { foldLog } from "../../src/db/log.ts";
import { openStore, type Store } from "../../src/db/open.ts";
import { tempFolder } from "../support/temp.ts";

const LONG_BYTES = 300_000;

function logBytes({ path }: Store): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** Writes until the log is long; SQLite's own checkpoints would come later. */
function growLog(store: Store): void {
  store.db.run("CREATE TABLE IF NOT EXISTS filler (text TEXT)");
  while (logBytes(store) < LONG_BYTES) store.db.run("INSERT INTO filler VALUES (hex(randomblob(10000)))");
}

function timeoutOf(db: Database): number {
  return db.query<{ timeout: number }, []>("PRAGMA busy_timeout").get()?.timeout ?? -1;
}

test("a short log stays, and a long one is folded into the file", () => {
  using folder = tempFolder();
  using store = openStore({ path: folder.file("store.db") });
  store.db.run("CREATE TABLE filler (text TEXT)");
  const short = logBytes(store);
  expect(short).toBeGreaterThan(0);
  foldLog(store);
  expect(logBytes(store)).toBe(short);
  growLog(store);
  foldLog(store);
  expect([logBytes(store), timeoutOf(store.db)]).toEqual([0, 5_000]);
});

test("a log that cannot be folded now stays as it is, without an error and without a wait", () => {
  using folder = tempFolder();
  using store = openStore({ path: folder.file("store.db") });
  growLog(store);
  const long = logBytes(store);
  using reader = new Database(store.path, { readonly: true });
  reader.run("BEGIN");
  reader.query("SELECT count(*) FROM filler").get();
  foldLog(store);
  expect([logBytes(store), timeoutOf(store.db)]).toEqual([long, 5_000]);
  reader.run("COMMIT");
  // Within a transaction a checkpoint is an error.
  store.db.run("BEGIN IMMEDIATE");
  foldLog(store);
  store.db.run("COMMIT");
  expect([logBytes(store) >= long, timeoutOf(store.db)]).toEqual([true, 5_000]);
  foldLog(store);
  expect(logBytes(store)).toBe(0);
});
