import type { Database } from "bun:sqlite";
import { ormOf } from "../../src/db/orm.ts";
import { openStore } from "../../src/db/open.ts";
import { timeRuns } from "../../src/db/tables/time.ts";
import { BatchWriter } from "../../src/nodes/ingest/write.ts";
import { DAY_MS, HOUR_MS } from "../../src/nodes/log/vocabulary.ts";
import { storeSnapshot } from "../../src/nodes/store/node-snapshot.ts";
import { ensureNode, SatelliteIds } from "../../src/nodes/store/node-store.ts";
import { type Rollup, SOURCE_LOG } from "../../src/nodes/store/rollup.ts";
import { demoMeasurement } from "../../src/serve/demo/clock.ts";
import { DEMO_NODES, DEMO_SATELLITES, type DemoNode, demoHour } from "../../src/serve/demo/nodes.ts";

/**
 * A fraction of a node's past traffic: it only affects how much disk a year of 200 nodes takes, and nothing that
 * is measured.
 */
const LOAD = 0.02;
/** The period shown hour by hour: generated for each node separately. */
const OWN_DAYS = 2;
const DAYS_AT_ONCE = 30;

/** Clock measurements at equal intervals until now. */
export function fillClock(db: Database, { everyMs, count }: { everyMs: number; count: number }): void {
  const nowMs = Date.now();
  const orm = ormOf(db);
  const fill = db.transaction(() => {
    for (let left = count; left > 0; left -= 1) {
      const { run } = demoMeasurement(nowMs - left * everyMs, left, new Map());
      orm.insert(timeRuns).values(run).run();
    }
  });
  fill.immediate();
}

function writeHours(
  writer: BatchWriter,
  of: { readonly node: DemoNode; readonly seed: number; readonly satellites: readonly number[] },
  [fromMs, untilMs]: readonly [number, number],
): void {
  for (let partMs = fromMs; partMs < untilMs; partMs += DAYS_AT_ONCE * DAY_MS) {
    const hours = new Map<number, Rollup>();
    const endMs = Math.min(untilMs, partMs + DAYS_AT_ONCE * DAY_MS);
    for (let startMs = partMs; startMs < endMs; startMs += HOUR_MS)
      hours.set(startMs, demoHour({ ...of, startMs, passed: 1 }));
    writer.commitHours(hours, SOURCE_LOG);
  }
}

/** A store with this many nodes and days: the last days are generated for each node, earlier ones are copies. */
export function fillNodes(db: Database, { nodes, days }: { nodes: number; days: number }): void {
  const satellites = new SatelliteIds(db).idsOf(DEMO_SATELLITES);
  const nowMs = Date.now();
  const ownMs = Math.floor(nowMs / DAY_MS - OWN_DAYS) * DAY_MS;
  const startMs = Math.floor(nowMs / DAY_MS - days) * DAY_MS;
  let first: number | null = null;
  for (let at = 0; at < nodes; at += 1) {
    const model = DEMO_NODES[at % DEMO_NODES.length];
    if (model === undefined) throw new Error("Cannot fill a store: the demo has no node");
    const row = ensureNode(db, `node-${String(at).padStart(3, "0")}`);
    const factor = 0.5 + ((at * 37) % 101) / 100;
    const usedBytes = (model.figures.usedBytes ?? 0) * factor;
    storeSnapshot(db, row.id, nowMs, { ...model.figures, usedBytes, payoutUsd: factor * 8.7 });
    const writer = new BatchWriter(db, row, () => undefined);
    if (first === null) {
      first = row.id;
      const quiet = { ...model, load: LOAD };
      if (startMs < ownMs) writeHours(writer, { node: quiet, seed: 1, satellites }, [startMs, ownMs]);
    } else
      db.run(
        `INSERT INTO rollup (node_id, tier, start_ms, summary, cells, closed, source)
         SELECT ?, tier, start_ms, summary, cells, closed, source FROM rollup WHERE node_id = ? AND start_ms < ?`,
        [row.id, first, ownMs],
      );
    const own = { ...model, load: model.load * factor };
    writeHours(writer, { node: own, seed: at, satellites }, [ownMs, nowMs]);
  }
}

/** Creates a store, fills it and closes it. */
export function makeStore(path: string, fill: (db: Database) => void): void {
  using store = openStore({ path });
  fill(store.db);
}
