import type { Store } from "../db/open.ts";
import { type MeasureSettings, type NodeMetrics, nodeMetrics } from "../nodes/compare/node-metrics.ts";
import { HOUR_MS } from "../nodes/log/vocabulary.ts";
import { clockOverview, type ClockOverview } from "../time/overview.ts";
import { uploadsOverview, type UploadsOverview } from "../upload/ledger/overview.ts";
import { type StoreOverview, storeOverview } from "./board.ts";
import { type FleetBoard, fleetOf } from "./fleet.ts";

/** What a monitoring system gets, from the store alone. */
export interface Scrape {
  readonly time: Pick<ClockOverview, "last">;
  readonly sync: UploadsOverview;
  readonly nodes: readonly NodeMetrics[];
  readonly store: StoreOverview;
  readonly fleet: readonly FleetBoard[];
}

const HOURS = 24;

export function readScrape(
  store: Store,
  settings: MeasureSettings,
  nowMs: number,
  fleet: readonly FleetBoard[] = fleetOf(store, nowMs),
): Scrape {
  const untilMs = Math.ceil((nowMs + 1) / HOUR_MS) * HOUR_MS;
  const window = { sinceMs: untilMs - HOURS * HOUR_MS, untilMs };
  return {
    time: clockOverview(store.db, { nowMs, sinceMs: nowMs, points: 1 }),
    sync: uploadsOverview(store, nowMs),
    nodes: nodeMetrics(store.db, window, settings),
    store: storeOverview(store.path),
    fleet,
  };
}
