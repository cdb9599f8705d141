import type { Measured } from "./measure.ts";
import type { Metric } from "./metric.ts";
import { earnings } from "./metrics/earnings.ts";
import { latencies } from "./metrics/latencies.ts";
import { rates } from "./metrics/rates.ts";
import { standing } from "./metrics/standing.ts";
import { volumes } from "./metrics/volume.ts";

/** All metrics, in the order in which they are told. A new one is a line in its file under metrics/. */
export const METRICS = [...rates, ...volumes, ...latencies, ...earnings, ...standing] as const;

export type MetricName = (typeof METRICS)[number]["name"];

/** A node's values by metric; null where one is not known. */
export type Metrics = Readonly<Record<MetricName, number | null>>;

const BY_NAME = new Map<string, Metric<MetricName>>(METRICS.map((told) => [told.name, told]));

/** @throws Error for a name that no metric has: a mistake of ours. */
export function metricNamed(name: MetricName): Metric<MetricName> {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`Cannot find the metric ${name}`);
  return found;
}

/** One value for each metric. */
export function forEachMetric<T>(valueOf: (told: Metric<MetricName>) => T): Record<MetricName, T> {
  // The registry's names are the keys: Object.fromEntries forgets that.
  return Object.fromEntries(METRICS.map((told) => [told.name, valueOf(told)])) as Record<MetricName, T>;
}

export function metricsOf(measured: Measured): Metrics {
  return forEachMetric((told) => told.of(measured));
}

/** Of a node whose figures could not be had. */
export function noMetrics(): Metrics {
  return forEachMetric(() => null);
}
