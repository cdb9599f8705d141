import type { Database } from "bun:sqlite";
import { allNodes } from "../store/node-store.ts";
import { commonSource, type Rates } from "./earnings.ts";
import { gatherNode, type Window } from "./load.ts";
import { measure } from "./measure.ts";
import type { CompareSettings } from "./options.ts";
import { type Metrics, metricsOf } from "./registry.ts";

/** One node's values over a window, without a comparison. */
export interface NodeMetrics {
  readonly name: string;
  readonly newestMs: number | null;
  readonly metrics: Metrics;
}

/** The settings that values depend on. */
export type MeasureSettings = Rates & Pick<CompareSettings, "queryTimeout">;

/** The metrics of all nodes of the store, by name. Earnings are those of the node's API if it reported this month's. */
export function nodeMetrics(db: Database, window: Window, settings: MeasureSettings): NodeMetrics[] {
  return allNodes(db).map(({ id, name }) => {
    const data = gatherNode(db, id, window, performance.now() + settings.queryTimeout);
    const earningsSource = commonSource([data.snapshot], window);
    const measured = measure(data, { window, rates: settings, earningsSource });
    return { name, newestMs: data.newestMs, metrics: metricsOf(measured) };
  });
}
