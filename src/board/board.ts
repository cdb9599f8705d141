import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Store } from "../db/open.ts";
import { VERSION } from "../lib/version.ts";
import { nodesOverview, type NodeOverview } from "../nodes/overview.ts";
import { clockOverview, type ClockOverview } from "../time/overview.ts";
import { uploadsOverview, type UploadsOverview } from "../upload/ledger/overview.ts";
import { checkStore, type StoreCheck } from "./check-store.ts";
import { type FleetBoard, fleetOf } from "./fleet.ts";
import { type Problem, problemsOf } from "./problems.ts";

export interface StoreOverview {
  readonly path: string;
  /** The database file and its write-ahead log. */
  readonly size_bytes: number;
  /** Of the file system; null if the system does not report it. */
  readonly free_bytes: number | null;
  readonly total_bytes: number | null;
  readonly version: string;
}

/** The whole board as the store knows it: what `nodupe status --json` prints. */
export interface Board {
  readonly healthy: boolean;
  readonly problems: readonly Problem[];
  readonly time: ClockOverview;
  readonly sync: UploadsOverview;
  readonly nodes: readonly NodeOverview[];
  readonly store: StoreOverview & {
    /** What a check of everything stored found; null if none was requested. */
    readonly damaged: StoreCheck | null;
  };
  /** The other boards that this board's `serve` follows. */
  readonly fleet: readonly FleetBoard[];
}

const HOURS = 24;
/** Points in a day's history: as many as a chart of some 300 pixels can show. */
const POINTS = 288;

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

export function storeOverview(path: string): StoreOverview {
  let space: { free_bytes: number | null; total_bytes: number | null } = {
    free_bytes: null,
    total_bytes: null,
  };
  try {
    const { bavail, blocks, bsize } = statfsSync(dirname(path));
    space = { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
  } catch {
    // In memory, or the system does not report it.
  }
  return { path, size_bytes: sizeOf(path) + sizeOf(`${path}-wal`), ...space, version: VERSION };
}

/**
 * Reads the whole board over a read-only connection.
 *
 * @param how.fleet given if the caller knows it better than the store does.
 * @param how.deep also check everything stored, by reading it once from front to back.
 */
export function readBoard(
  store: Store,
  nowMs: number,
  how: { readonly fleet?: readonly FleetBoard[]; readonly deep?: boolean } = {},
): Board {
  const parts = {
    time: clockOverview(store.db, { nowMs, sinceMs: nowMs - HOURS * 3_600_000, points: POINTS }),
    sync: uploadsOverview(store, nowMs),
    nodes: nodesOverview(store.db, { nowMs, hours: HOURS }),
    store: { ...storeOverview(store.path), damaged: how.deep === true ? checkStore(store.db) : null },
    fleet: how.fleet ?? fleetOf(store, nowMs),
  };
  const problems = problemsOf(parts);
  return { healthy: problems.length === 0, problems, ...parts };
}
