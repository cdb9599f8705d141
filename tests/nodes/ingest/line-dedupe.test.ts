import { expect, test } from "bun:test";
import fc from "fast-check";
import { openStore, type Store } from "../../../src/db/open.ts";
import { Ingestion } from "../../../src/nodes/ingest/ingestion.ts";
import { StoredLines } from "../../../src/nodes/ingest/line-dedupe.ts";
import { OpenOperations } from "../../../src/nodes/ingest/open-operations.ts";
import {
  createEvents,
  endIdentity,
  NO_DURATION,
  startIdentity,
  startLineIdentity,
} from "../../../src/nodes/log/events.ts";
import { createRollup, TIER_HOUR } from "../../../src/nodes/store/rollup.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

/** An event of few values, so that many are alike. */
const event = fc.record({
  timeMs: fc.integer({ min: 0, max: 8 }).map((step) => START_MS + step * (HOUR_MS / 4)),
  durationMs: fc.constantFrom(NO_DURATION, 0, 1_000, HOUR_MS),
  sizeBytes: fc.constantFrom(-1, 256),
  outcome: fc.integer({ min: 0, max: 2 }),
  key: fc.integer({ min: 0, max: 2 }),
});
interface Plain {
  readonly timeMs: number;
  readonly durationMs: number;
  readonly sizeBytes: number;
  readonly outcome: number;
  readonly key: number;
}

/** A store with node `a`, whose blocks hold these events. */
/** Nothing is damaged here. */
const NONE = (startMs: number): never => {
  throw new Error(`the hour from ${startMs} is damaged`);
};

function storeOf(plain: readonly Plain[]): {
  store: Store;
  nodeId: number;
  identities: { identity: number; timeMs: number }[];
} {
  const store = openStore({ path: ":memory:" });
  const events = createEvents(Math.max(1, plain.length));
  plain.forEach((one, row) => {
    events.timeMs[row] = one.timeMs;
    events.durationMs[row] = one.durationMs;
    events.sizeBytes[row] = one.sizeBytes;
    events.outcome[row] = one.outcome;
    events.key[row] = one.key;
  });
  events.count = plain.length;
  const identities = plain.flatMap(({ timeMs, durationMs }, row) => {
    const [end, start] = [endIdentity(events, row), startIdentity(events, row)];
    return [
      ...(end === null ? [] : [{ identity: end, timeMs }]),
      ...(start === null ? [] : [{ identity: start, timeMs: timeMs - durationMs }]),
    ];
  });
  using to = new Ingestion(store.db, "a", { openLimit: 86_400_000, maxOpen: 1_000 });
  to.markUsed();
  const hours = new Map(
    identities.map(({ timeMs }) => [Math.floor(timeMs / HOUR_MS) * HOUR_MS, createRollup()] as const),
  );
  to.writer.commit({ events, hours, facts: [], state: to.state, newestMs: START_MS, checkpoint: null });
  return { store, nodeId: to.node.id, identities };
}

test("a line that the store has k times is known k times, its start and its end apart, and no more", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (plain) => {
      const { store, nodeId, identities } = storeOf(plain);
      using _store = store;
      const known = new StoredLines({
        db: store.db,
        nodeId,
        open: new OpenOperations(),
        own: [],
        onDamage: NONE,
      });
      for (const { identity, timeMs } of identities) {
        expect(known.mayKnow(timeMs)).toBe(true);
        expect(known.take(identity, timeMs)).toBe(true);
      }
      for (const { identity, timeMs } of identities) expect(known.take(identity, timeMs)).toBe(false);
      expect(known.mayKnow(START_MS + 30 * 24 * HOUR_MS)).toBe(false);
    }),
    { numRuns: 100 },
  );
});

test("operations in flight are known by their start, and a source's own last lines are not", () => {
  const { store, nodeId, identities } = storeOf([
    { timeMs: START_MS, durationMs: NO_DURATION, sizeBytes: 256, outcome: 0, key: 1 },
    { timeMs: START_MS, durationMs: NO_DURATION, sizeBytes: 256, outcome: 0, key: 1 },
  ]);
  using _store = store;
  const open = new OpenOperations();
  open.add({ keyLow: 9, keyHigh: 9, piece: 1, startMs: START_MS, satellite: 0, action: 0, coarse: false });
  const own = [identities[0]?.identity ?? 0];
  const known = new StoredLines({ db: store.db, nodeId, open, own, onDamage: NONE });
  expect(known.take(startLineIdentity(START_MS, 9), START_MS)).toBe(true);
  expect(known.take(startLineIdentity(START_MS, 9), START_MS)).toBe(false);
  // Of the two that are stored one is the source's own: another file has one left.
  expect(identities.map(({ identity, timeMs }) => known.take(identity, timeMs))).toEqual([true, false]);
});

test("every line of a closed hour is known; one that closes while a file is read stays open for that file", () => {
  const { store, nodeId } = storeOf([
    { timeMs: START_MS, durationMs: NO_DURATION, sizeBytes: 256, outcome: 0, key: 1 },
  ]);
  using _store = store;
  const close = (): void =>
    void store.db.query("UPDATE rollup SET closed = 1 WHERE node_id = ? AND tier = ?").run(nodeId, TIER_HOUR);
  const from = { db: store.db, nodeId, open: new OpenOperations(), own: [], onDamage: NONE };
  const reading = new StoredLines(from);
  expect(reading.take(12_345, START_MS)).toBe(false);
  close();
  expect(reading.take(12_345, START_MS + 1_000)).toBe(false);
  const later = new StoredLines(from);
  expect(later.mayKnow(START_MS)).toBe(true);
  expect(later.take(12_345, START_MS)).toBe(true);
  // An hour that the store never had is open, however old.
  expect(later.take(12_345, START_MS - 1000 * HOUR_MS)).toBe(false);
});

test("facts are known by how many the store has, whatever is closed", () => {
  const { store, nodeId } = storeOf([]);
  using _store = store;
  const insert = store.db.query(
    "INSERT INTO fact (node_id, time_ms, type, satellite_id, identity, fields) VALUES (?, ?, 'reputation', 0, ?, '{}')",
  );
  for (const identity of [7, 7, 8]) insert.run(nodeId, START_MS, identity);
  const known = new StoredLines({
    db: store.db,
    nodeId,
    open: new OpenOperations(),
    own: [8],
    onDamage: NONE,
  });
  expect([7, 7, 7, 8, 9].map((identity) => known.takeFact(identity))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
