import type { Database } from "bun:sqlite";
import { openRow } from "../../db/sealed-blob.ts";
import { HourTable } from "../store/hour-table.ts";
import { latestSnapshot, type Snapshot } from "../store/node-snapshot.ts";
import { TIER_HOUR } from "../store/rollup.ts";
import { satelliteNames, type SatelliteScores, satelliteScores } from "../store/satellite-scores.ts";
import {
  addRollup,
  checkDeadline,
  createSums,
  newestLineOf,
  type NodeData,
  partsOf,
  rollupsOfEnd,
  type StoredRollup,
  type Window,
} from "../compare/load.ts";
import { HOUR_MS } from "../log/vocabulary.ts";

/** What a comparison knows about a node besides its hours. */
export interface NodeAbout {
  readonly newestMs: number | null;
  /** Names of the satellites, by their numbers in cells and scores. */
  readonly satellites: readonly (readonly [id: number, name: string])[];
  readonly snapshot: Snapshot | null;
  readonly scores: readonly SatelliteScores[];
}

/** One node over a window, hour by hour: everything a comparison needs. Boards exchange these. */
export interface NodeFrame {
  readonly about: NodeAbout;
  /** Oldest first. */
  readonly hours: readonly StoredRollup[];
}

/** Reads a node's frame. The deadline is on the clock of performance.now(). */
export function readFrame(db: Database, nodeId: number, window: Window, deadline: number): NodeFrame {
  const { whole, head, tail } = partsOf(window);
  // Damaged data is left out here too; its own board reports it.
  const how = { deadline, onDamage: () => undefined };
  const stored = db
    .query<StoredRollup, [number, number, number, number]>(
      "SELECT start_ms AS startMs, summary, cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms",
    )
    .all(nodeId, TIER_HOUR, whole.sinceMs, whole.untilMs);
  checkDeadline(deadline);
  const hours = stored.filter((row) => openRow(row, ["summary", "cells"]));
  return {
    about: {
      newestMs: newestLineOf(db, nodeId),
      satellites: [...satelliteNames(db)],
      snapshot: latestSnapshot(db, nodeId),
      scores: satelliteScores(db, nodeId, window.untilMs),
    },
    hours: [...rollupsOfEnd(db, nodeId, head, how), ...hours, ...rollupsOfEnd(db, nodeId, tail, how)],
  };
}

/** The data of a frame for a comparison: the same as from the store it was read from. */
export function dataOf({ about, hours }: NodeFrame, window: Window): NodeData {
  const firstMs = Math.floor(window.sinceMs / HOUR_MS) * HOUR_MS;
  const within = hours.filter(({ startMs }) => startMs >= firstMs && startMs < window.untilMs);
  const sums = createSums();
  for (const hour of within) addRollup(sums, hour);
  const { newestMs, snapshot, scores } = about;
  return { hours: new HourTable(within), ...sums, snapshot, scores, newestMs, damagedHours: [] };
}
