import type { LogNature } from "./measure.ts";
import type { Need } from "./metric.ts";
import { METRICS, type MetricName, type Metrics } from "./registry.ts";

/** Why some metrics cannot be compared fairly, or what a figure hides. */
export interface Caveat {
  readonly metrics: readonly MetricName[];
  readonly nodes: readonly string[];
  /** The metrics are then neither ranked nor judged. */
  readonly unfair: boolean;
  readonly text: string;
}

export interface CaveatInput {
  readonly name: string;
  readonly nature: LogNature;
  readonly metrics: Metrics;
}

function needing(need: Need): MetricName[] {
  return METRICS.filter(({ needs }) => needs.includes(need)).map(({ name }) => name);
}

/** Percentage points by which coverages may differ before sums are not ranked. */
const COVERAGE_GAP = 10;

function list(names: readonly string[]): string {
  return names.join(", ");
}

/** What a reader must know before trusting a difference: unlike logs are not compared silently. */
export function caveatsOf(nodes: readonly CaveatInput[]): Caveat[] {
  const caveats: Caveat[] = [];
  const named = (keep: (node: CaveatInput) => boolean): string[] =>
    nodes.filter(keep).map((node) => node.name);
  const info = named(({ nature }) => nature.level === "info");
  const debug = named(({ nature }) => nature.level === "debug");
  if (info.length > 0 && debug.length > 0) {
    caveats.push({
      metrics: needing("debug-lines"),
      nodes: info,
      unfair: true,
      text: `${list(info)} logs at INFO, ${list(debug)} at DEBUG: failed uploads show at DEBUG only, so upload rates are not compared`,
    });
  } else if (info.length > 0) {
    caveats.push({
      metrics: needing("debug-lines"),
      nodes: info,
      unfair: false,
      text: `${list(info)} logs at INFO: ordinary failed uploads are not in the log, so upload rates look better than they are`,
    });
  }
  const silent = named(({ nature }) => nature.level !== null && !nature.hasDurations);
  if (silent.length > 0) {
    caveats.push({
      metrics: needing("durations"),
      nodes: silent,
      unfair: silent.length < nodes.length,
      text: `no started lines in the log of ${list(silent)} (from 1.116 on they show at DEBUG): latencies are not known`,
    });
  }
  const coarse = named(({ metrics }) => metrics.latency_resolution_ms === 1000);
  if (coarse.length > 0) {
    caveats.push({
      metrics: needing("milliseconds"),
      nodes: coarse,
      unfair: coarse.length < nodes.length,
      text: `the log of ${list(coarse)} tells whole seconds: its quantiles are hidden, its mean holds`,
    });
  }
  const covered = nodes.filter(({ metrics }) => (metrics.coverage_percent ?? 0) > 0);
  const coverages = covered.map(({ metrics }) => metrics.coverage_percent ?? 0);
  const gap = Math.max(...coverages) - Math.min(...coverages);
  if (covered.length > 1 && gap > COVERAGE_GAP) {
    const parts = covered.map(
      ({ name, metrics }) => `${name} ${(metrics.coverage_percent ?? 0).toFixed(0)}%`,
    );
    caveats.push({
      metrics: needing("coverage"),
      nodes: covered.map(({ name }) => name),
      unfair: true,
      text: `the logs cover unlike parts of the window (${list(parts)}): sums are not ranked`,
    });
  }
  const empty = named(({ metrics }) => metrics.total_operations === 0);
  if (empty.length > 0) {
    caveats.push({
      metrics: [],
      nodes: empty,
      unfair: false,
      text: `no operation of ${list(empty)} in the window`,
    });
  }
  return caveats;
}
