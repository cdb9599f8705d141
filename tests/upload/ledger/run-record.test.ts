import { expect, test } from "bun:test";
import { openStore } from "../../../src/db/open.ts";
import { destinationRow } from "../../../src/upload/ledger/destination.ts";
import { beginRun, endRun, recordResult } from "../../../src/upload/ledger/run-record.ts";
import { tempFolder } from "../../support/temp.ts";

test("a run's row is kept without a sync, and whatever is written after it is synced and checkpointed as before", () => {
  using folder = tempFolder();
  using store = openStore({ path: folder.file("store.db") });
  const { db } = store;
  const settings = () => [db.query("PRAGMA synchronous").get(), db.query("PRAGMA wal_autocheckpoint").get()];
  const before = settings();
  expect(before[0]).toEqual({ synchronous: 2 });
  const id = beginRun(db, destinationRow(db, "https://tanova.example").id, "/cvs", 1);
  endRun(db, id, 2);
  recordResult(db, id, { found: 3 });
  expect(settings()).toEqual(before);
  expect(db.query("SELECT id, started_at_ms, ended_at_ms, result FROM upload_run").all()).toEqual([
    { id, started_at_ms: 1, ended_at_ms: 2, result: '{"found":3}' },
  ]);
  // A write that fails leaves them as they were too.
  expect(() => beginRun(db, 99, "/cvs")).toThrow("FOREIGN KEY");
  expect(settings()).toEqual(before);
});
