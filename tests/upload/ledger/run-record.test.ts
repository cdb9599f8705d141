import { expect, test } from "bun:test";
import { openStore } from "../../../src/db/open.ts";
import { destinationRow } from "../../../src/upload/ledger/destination.ts";
import { beginRun, endRun } from "../../../src/upload/ledger/run-record.ts";
import { tempFolder } from "../../support/temp.ts";

test("of many runs the newest are kept, each server's last one, and the last one that uploaded something", () => {
  using store = openStore({ path: ":memory:" });
  const { db } = store;
  const [often, once] = ["https://often.example", "https://once.example"].map(
    (url) => destinationRow(db, url).id,
  );
  const run = (destination = 0, uploaded = 0): number => {
    const id = beginRun(db, destination, "/cvs", 1);
    endRun(db, id, { uploaded }, 2);
    return id;
  };
  run(often);
  const kept = [run(once), run(often, 3)];
  for (let number = 0; number < 1_200; number += 1) run(often);
  const ids = db.query<{ id: number }, []>("SELECT id FROM upload_run ORDER BY id").all();
  expect(ids.slice(0, 2).map(({ id }) => id)).toEqual(kept);
  expect(ids.length).toBeLessThan(1_150);
});

test("a run's row is kept without a sync, and whatever is written after it is synced and checkpointed as before", () => {
  using folder = tempFolder();
  using store = openStore({ path: folder.file("store.db") });
  const { db } = store;
  const settings = () => [db.query("PRAGMA synchronous").get(), db.query("PRAGMA wal_autocheckpoint").get()];
  const before = settings();
  expect(before[0]).toEqual({ synchronous: 2 });
  const id = beginRun(db, destinationRow(db, "https://tanova.example").id, "/cvs", 1);
  endRun(db, id, { found: 3 }, 2);
  expect(settings()).toEqual(before);
  expect(db.query("SELECT id, started_at_ms, ended_at_ms, result FROM upload_run").all()).toEqual([
    { id, started_at_ms: 1, ended_at_ms: 2, result: '{"found":3}' },
  ]);
  // A write that fails leaves them as they were too.
  expect(() => beginRun(db, 99, "/cvs")).toThrow("FOREIGN KEY");
  expect(settings()).toEqual(before);
});
