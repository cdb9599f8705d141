import type { NodeData, Window } from "../../../src/nodes/compare/load.ts";
import type { Snapshot } from "../../../src/nodes/store/node-snapshot.ts";
import { type Measured, measure } from "../../../src/nodes/compare/measure.ts";
import { encodeCells, StoredCells } from "../../../src/nodes/store/cell-sums.ts";
import { HourTable, sketchOf } from "../../../src/nodes/store/hour-table.ts";
import type { StoredHour } from "../../../src/nodes/store/summary-numbers.ts";
import {
  addEvent,
  addLine,
  createRollup,
  encodeSummary,
  mergeSummary,
} from "../../../src/nodes/store/rollup.ts";
import { addStoredSketch } from "../../../src/nodes/store/stored-sketch.ts";
import { BUCKET_LIMIT } from "../../../src/nodes/store/sketch.ts";
import { createEvents, NO_DURATION } from "../../../src/nodes/log/events.ts";
import { ACTIONS, DAY_MS, HOUR_MS, LEVELS, OUTCOMES } from "../../../src/nodes/log/vocabulary.ts";

export const DAY_START = Date.UTC(2026, 2, 1);
export const ONE_DAY: Window = { sinceMs: DAY_START, untilMs: DAY_START + DAY_MS };
export const RATES = { egressUsd: 2, repairUsd: 2, auditUsd: 2, storageUsd: 1.5 };

/** A number of identical operations, as specified by a test. */
interface Operations {
  readonly action: (typeof ACTIONS)[number];
  readonly outcome?: (typeof OUTCOMES)[number];
  readonly count: number;
  readonly sizeBytes?: number;
  readonly durationMs?: number;
  /** The log has whole seconds only. */
  readonly coarse?: boolean;
  readonly satellite?: number;
}

export interface PlainHour {
  /** Hours after DAY_START. */
  readonly hour: number;
  readonly level?: (typeof LEVELS)[number];
  readonly operations: readonly Operations[];
}

export const NO_SNAPSHOT: Snapshot = {
  takenMs: DAY_START,
  usedBytes: null,
  totalBytes: null,
  trashBytes: null,
  joinedMs: null,
  auditScore: null,
  suspensionScore: null,
  onlineScore: null,
  payoutUsd: null,
  payoutTakenMs: null,
  heldUsd: null,
  version: null,
  disqualified: null,
  suspended: null,
};

/** What a store would hold for these hours, produced by the store's own code. */
export function nodeData(hours: readonly PlainHour[], snapshot: Partial<Snapshot> | null = null): NodeData {
  const cells = new StoredCells();
  const all = createRollup().summary;
  const bucketCounts = new Float64Array(BUCKET_LIMIT);
  const places = Int32Array.from({ length: BUCKET_LIMIT }, (_, bucket) => bucket);
  const rows = hours.map(({ hour, level = "DEBUG", operations }): StoredHour => {
    const rollup = createRollup();
    const startMs = DAY_START + hour * HOUR_MS;
    for (const { action, outcome = "success", count, ...rest } of operations) {
      const events = createEvents(count);
      events.timeMs.fill(startMs);
      events.durationMs.fill(rest.durationMs ?? NO_DURATION);
      events.sizeBytes.fill(rest.sizeBytes ?? -1);
      events.satellite.fill(rest.satellite ?? 1);
      events.action.fill(ACTIONS.indexOf(action));
      events.outcome.fill(OUTCOMES.indexOf(outcome));
      events.coarse.fill(rest.coarse === true ? 1 : 0);
      for (let row = 0; row < count; row += 1) addEvent(rollup, events, row);
    }
    addLine(rollup.summary, startMs, LEVELS.indexOf(level));
    addLine(rollup.summary, startMs + HOUR_MS - 1, LEVELS.indexOf(level));
    cells.add(encodeCells(rollup.cells));
    mergeSummary(all, rollup.summary);
    const summary = encodeSummary(rollup.summary);
    addStoredSketch(sketchOf(summary), places, bucketCounts, 0);
    return { startMs, summary };
  });
  const table = new HourTable(rows);
  return {
    hours: table,
    actions: all.actions,
    cells,
    bucketCounts,
    snapshot: snapshot === null ? null : { ...NO_SNAPSHOT, ...snapshot },
    scores: [],
    newestMs: table.lastMs().at(-1) ?? null,
    damagedHours: [],
  };
}

export function measured(hours: readonly PlainHour[], snapshot: Partial<Snapshot> | null = null): Measured {
  return measure(nodeData(hours, snapshot), { window: ONE_DAY, rates: RATES, earningsSource: "model" });
}
