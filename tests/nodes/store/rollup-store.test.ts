import { expect, test } from "bun:test";
import { openStore } from "../../../src/db/open.ts";
import { gatherNode } from "../../../src/nodes/compare/load.ts";
import { DAY_MS, HOUR_MS } from "../../../src/nodes/log/vocabulary.ts";
import { addLine, createRollup, type Rollup, SOURCE_LOG } from "../../../src/nodes/store/rollup.ts";
import { RollupStore } from "../../../src/nodes/store/rollup-store.ts";
import { BUCKET_LIMIT } from "../../../src/nodes/store/sketch.ts";

const DAY = Date.UTC(2026, 0, 2);
const WINDOW = { sinceMs: DAY - 5 * HOUR_MS, untilMs: DAY + 3 * DAY_MS + 7 * HOUR_MS };

function hour(startMs: number, operations: number): Rollup {
  const rollup = createRollup();
  addLine(rollup.summary, startMs + 5, 0);
  rollup.summary.counts[0] = operations;
  rollup.summary.actions.counts[0] = operations;
  rollup.summary.timed = operations;
  for (let count = 0; count < operations; count += 1) rollup.summary.sketch.add(startMs % 977);
  return rollup;
}

/** Three days and parts of the days around them, in a store of their own. */
function filled() {
  const store = openStore({ path: ":memory:" });
  store.db.run("INSERT INTO node (id, name) VALUES (1, 'a'), (2, 'b')");
  const rollups = new RollupStore(store.db, 1, () => undefined);
  const hours = new Map<number, Rollup>();
  for (let startMs = WINDOW.sinceMs; startMs < WINDOW.untilMs; startMs += HOUR_MS)
    hours.set(startMs, hour(startMs, 3 + ((startMs / HOUR_MS) % 5)));
  rollups.addFromLog(hours);
  const packed = (): number[] =>
    store.db
      .query<{ startMs: number }, []>("SELECT start_ms AS startMs FROM packed_day ORDER BY 1")
      .all()
      .map(({ startMs }) => startMs);
  return { store, rollups, packed };
}

test("a day is packed once it is over", () => {
  const { store, rollups, packed } = filled();
  using _ = store;
  rollups.packDays(DAY + DAY_MS);
  expect(packed()).toEqual([DAY - DAY_MS, DAY]);
  rollups.packDays(Infinity);
  expect(packed()).toHaveLength(5);
});

test("figures are the same whether days are packed or not, and where what they were packed to is damaged", () => {
  const { store, rollups } = filled();
  using _ = store;
  const figures = () => {
    const { hours, actions, bucketCounts, damagedHours } = gatherNode(store.db, 1, WINDOW, Infinity);
    const columns = [hours.startMs, hours.operations(), hours.firstMs(), hours.upTo([3, BUCKET_LIMIT - 1])];
    return { columns, actions, bucketCounts, damagedHours };
  };
  const before = figures();
  expect(before.columns[0]).toHaveLength(84);
  rollups.packDays(Infinity);
  expect(figures()).toEqual(before);
  store.db.run("UPDATE packed_day SET hours = x'00112233445566' WHERE start_ms = ?", [DAY]);
  expect(figures()).toEqual(before);
});

test("what a day was packed to goes when one of its hours changes, by whatever statement", () => {
  const change: readonly (readonly [sql: string, gone: readonly number[]])[] = [
    [`UPDATE rollup SET summary = x'00' WHERE tier = 0 AND start_ms = ${DAY}`, [DAY]],
    [`UPDATE rollup SET summary = x'00' WHERE tier = 0 AND start_ms = ${DAY + 23 * HOUR_MS}`, [DAY]],
    [`DELETE FROM rollup WHERE tier = 0 AND start_ms = ${DAY + HOUR_MS}`, [DAY]],
    [`UPDATE rollup SET node_id = 2 WHERE tier = 0 AND start_ms = ${DAY + HOUR_MS}`, [DAY]],
    [
      `INSERT INTO rollup (node_id, tier, start_ms, summary, cells) VALUES (1, 0, ${WINDOW.untilMs}, x'', x'')`,
      [DAY + 3 * DAY_MS],
    ],
    [`UPDATE rollup SET closed = 1`, []],
    [`UPDATE rollup SET summary = x'00' WHERE tier = 1`, []],
  ];
  for (const [sql, gone] of change) {
    const { store, rollups, packed } = filled();
    using _ = store;
    rollups.packDays(Infinity);
    const before = packed();
    store.db.run(sql);
    expect({ sql, left: packed() }).toEqual({ sql, left: before.filter((day) => !gone.includes(day)) });
  }
});

test("what explains a difference is read when it is asked for: a damaged day from its hours, a damaged hour left out", () => {
  const { store, rollups } = filled();
  using _ = store;
  const rollup = hour(DAY, 2);
  rollup.cells.set(1, { count: 2, bytes: 10, timed: 0, timedMs: 0, coarse: 0 });
  rollups.replaceHour(DAY, rollup, SOURCE_LOG);
  rollups.rebuildDay(DAY);
  rollups.packDays(Infinity);
  const read = () => gatherNode(store.db, 1, WINDOW, Infinity);
  const whole = read().cells.sums();
  expect(whole.get(1)?.count).toBe(2);
  store.db.run("UPDATE rollup SET cells = x'0000000000' WHERE tier = 1 AND start_ms = ?", [DAY]);
  const ofHours = read();
  expect(ofHours.cells.sums()).toEqual(whole);
  expect(ofHours.damagedHours).toEqual([]);
  store.db.run("UPDATE rollup SET cells = x'0000000000' WHERE tier = 0 AND start_ms = ?", [DAY]);
  const data = read();
  expect(data.damagedHours).toEqual([]);
  expect(data.cells.sums().get(1)).toBeUndefined();
  expect(data.damagedHours).toEqual([DAY]);
});

test("a day that changed is packed anew, and a damaged one is not", () => {
  const { store, rollups, packed } = filled();
  using _ = store;
  rollups.packDays(Infinity);
  rollups.replaceHour(DAY, hour(DAY, 1), SOURCE_LOG);
  expect(packed()).not.toContain(DAY);
  rollups.packDays(Infinity);
  expect(packed()).toContain(DAY);
  store.db.run("UPDATE rollup SET summary = x'0000000000' WHERE tier = 0 AND start_ms = ?", [DAY]);
  new RollupStore(store.db, 1, () => undefined).packDays(Infinity);
  expect(packed()).not.toContain(DAY);
});
