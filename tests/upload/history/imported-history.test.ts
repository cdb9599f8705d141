import { expect, test } from "bun:test";
import { openStore } from "../../../src/db/open.ts";
import { destinationRow } from "../../../src/upload/ledger/destination.ts";
import { doneChecksums } from "../../../src/upload/ledger/history.ts";
import { ImportedHistory } from "../../../src/upload/history/imported-history.ts";

const of = (number: number): string => number.toString(16).padStart(64, "0");
const NEVER = new AbortController().signal;

function setting() {
  const store = openStore({ path: ":memory:" });
  const { id } = destinationRow(store.db, "https://tanova.example");
  const history = new ImportedHistory();
  return {
    store,
    id,
    history,
    db: store.db,
    [Symbol.dispose]: () => (history[Symbol.dispose](), store[Symbol.dispose]()),
  };
}

test("many come in, in any order and twice; each is done once, and what was done is known", async () => {
  using it = setting();
  const all = Array.from({ length: 12_000 }, (_, index) => of((index * 7_919) % 12_000));
  it.db.run(
    "INSERT INTO content (destination_id, checksum, state, updated_at_ms) VALUES (?, ?, 'done', 1), (?, ?, 'failed', 1)",
    [it.id, of(1), it.id, of(2)],
  );
  it.history.add(all);
  it.history.add([]);
  it.history.add(all.slice(0, 500));
  const options = { nowMs: 5, dryRun: false, signal: NEVER };
  expect(await it.history.takeOver(it.db, it.id, options)).toEqual({ imported: 11_999, known: 1 });
  expect([...doneChecksums(it.db, it.id)]).toEqual(all.toSorted());
});

test("a dry run counts the same and writes nothing", async () => {
  using it = setting();
  it.db.run("INSERT INTO content (destination_id, checksum, state, updated_at_ms) VALUES (?, ?, 'done', 1)", [
    it.id,
    of(1),
  ]);
  it.history.add([of(1), of(2), of(2)]);
  const options = { nowMs: 5, dryRun: true, signal: NEVER };
  expect(await it.history.takeOver(it.db, it.id, options)).toEqual({ imported: 1, known: 1 });
  expect([...doneChecksums(it.db, it.id)]).toEqual([of(1)]);
});

test("stopped halfway, nothing of it is imported", async () => {
  using it = setting();
  it.history.add(Array.from({ length: 12_000 }, (_, index) => of(index)));
  const stop = new AbortController();
  setImmediate(() => stop.abort(new Error("ended by SIGINT")));
  const options = { nowMs: 5, dryRun: false, signal: stop.signal };
  expect(await it.history.takeOver(it.db, it.id, options).catch(String)).toBe("Error: ended by SIGINT");
  expect([it.db.inTransaction, [...doneChecksums(it.db, it.id)]]).toEqual([false, []]);
});
