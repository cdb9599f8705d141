import { expect, test } from "bun:test";
import { openStore, type Store } from "../../../src/db/open.ts";
import { storeSnapshot } from "../../../src/nodes/store/node-snapshot.ts";
import { StoredStates } from "../../../src/serve/comparisons/node-states.ts";
import { tempFolder } from "../../support/temp.ts";

/** Writes as an ingest does: a batch of events, in a block of its own or into the last one. */
function addBatch(store: Store, events: number, block: number): void {
  store.db.transaction(() => {
    store.db.run("UPDATE node SET version = version + 1 WHERE name = 'pi'");
    store.db
      .query(
        `INSERT INTO event_block (id, node_id, from_ms, until_ms, events, columns, keys) VALUES (?, 1, 0, 1, ?, x'', x'')
         ON CONFLICT DO UPDATE SET events = events + excluded.events`,
      )
      .run(block, events);
  })();
}

test("events are counted as they come, into a block that grows and into new ones; what has gone counts as a great change", async () => {
  using folder = tempFolder();
  using writer = openStore({ path: folder.file("store.db") });
  writer.db.run("INSERT INTO node (id, name) VALUES (1, 'pi'), (2, 'other')");
  using reader = openStore({ path: folder.file("store.db"), readonly: true });
  const states = new StoredStates(reader.db);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const added = async (): Promise<number> => {
    await turn();
    const state = states.of("pi");
    return state.type === "stored" ? state.added : Number.NaN;
  };
  expect(states.of("nobody")).toEqual({ type: "unknown" });
  expect(states.of("pi")).toEqual({ type: "stored", version: 0, added: 0, snapshotMs: null });
  addBatch(writer, 100, 1);
  // Of the same turn of the event loop, so the store is not asked again.
  expect(states.all(["nobody", "pi"])).toEqual([
    { type: "unknown" },
    { type: "stored", version: 0, added: 0, snapshotMs: null },
  ]);
  expect(await added()).toBe(100);
  addBatch(writer, 20, 1);
  addBatch(writer, 5, 4);
  await turn();
  expect(states.of("pi")).toEqual({ type: "stored", version: 3, added: 125, snapshotMs: null });
  // Another node's blocks are not its own.
  writer.db.run(
    "INSERT INTO event_block (id, node_id, from_ms, until_ms, events, columns, keys) VALUES (9, 2, 0, 1, 7, x'', x'')",
  );
  addBatch(writer, 1, 10);
  expect(await added()).toBe(126);
  writer.db.run("DELETE FROM event_block WHERE node_id = 1");
  writer.db.run("UPDATE node SET version = version + 1");
  expect(await added()).toBeGreaterThan(1e12);
  const figures = {
    usedBytes: 1,
    totalBytes: 2,
    trashBytes: 0,
    joinedMs: null,
    auditScore: 1,
    suspensionScore: 1,
    onlineScore: 1,
  };
  storeSnapshot(writer.db, 1, 1_000, {
    ...figures,
    payoutUsd: null,
    heldUsd: null,
    version: null,
    disqualified: 0,
    suspended: 0,
  });
  await turn();
  expect(states.of("pi")).toMatchObject({ snapshotMs: 1_000 });
});
