import type { Measured } from "./measure.ts";
import type { Metric } from "./metric.ts";
import { earnings } from "./metrics/earnings.ts";
import { latencies } from "./metrics/latencies.ts";
import { rates } from "./metrics/rates.ts";
import { standing } from "./metrics/standing.ts";
import { volumes } from "./metrics/volume.ts";

/** All metrics, in the order in which they are shown. To add one, add a line to its file under metrics/. */
export const METRICS = [...rates, ...volumes, ...latencies, ...earnings, ...standing] as const;

export type MetricName = (typeof METRICS)[number]["name"];

/** A node's values by metric; null if unknown. */
export type Metrics = Readonly<Record<MetricName, number | null>>;

const BY_NAME = new Map<string, Metric<MetricName>>(METRICS.map((told) => [told.name, told]));

/** @throws Error for an unknown name, which would be a programming error. */
export function metricNamed(name: MetricName): Metric<MetricName> {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`Cannot find the metric ${name}`);
  return found;
}

/** One value for each metric. */
export function forEachMetric<T>(valueOf: (told: Metric<MetricName>) => T): Record<MetricName, T> {
  // Object.fromEntries loses the type of the keys, which are the registry's names.
  return Object.fromEntries(METRICS.map((told) => [told.name, valueOf(told)])) as Record<MetricName, T>;
}

export function metricsOf(measured: Measured): Metrics {
  return forEachMetric((told) => told.of(measured));
}

/** The values of a node whose figures could not be read. */
export function noMetrics(): Metrics {
  return forEachMetric(() => null);
}
