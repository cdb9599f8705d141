import type { Earnings } from "./earnings.ts";
import type { LogNature } from "./measure.ts";
import type { Need } from "./metric.ts";
import { METRICS, type MetricName, type Metrics } from "./registry.ts";

/** Why some metrics cannot be compared fairly, or what a figure does not show. */
export interface Caveat {
  readonly metrics: readonly MetricName[];
  readonly nodes: readonly string[];
  /** If true, the metrics are neither ranked nor judged. */
  readonly unfair: boolean;
  readonly text: string;
}

export interface CaveatInput {
  readonly name: string;
  readonly nature: LogNature;
  readonly metrics: Metrics;
  readonly earnings: Pick<Earnings, "source" | "modelHasStorage" | "apiUsd">;
  /** When the hours in which the node's log has operations begin, in rising order. */
  readonly hours: ArrayLike<number>;
  /** Satellites that have disqualified, or suspended, the node; null if no API reported it. */
  readonly disqualified: number | null;
  readonly suspended: number | null;
}

function needing(need: Need): MetricName[] {
  return METRICS.filter(({ needs }) => needs.includes(need)).map(({ name }) => name);
}

/** Whether two rising lists have a number in common. */
function haveCommon(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let left = 0, right = 0; left < a.length && right < b.length;) {
    const difference = (a[left] ?? 0) - (b[right] ?? 0);
    if (difference === 0) return true;
    if (difference < 0) left += 1;
    else right += 1;
  }
  return false;
}

/** How far coverages may differ, in percentage points, before sums are no longer ranked. */
const COVERAGE_GAP = 10;

function satellites(count: number): string {
  return count === 1 ? "1 satellite" : `${count} satellites`;
}

function list(names: readonly string[]): string {
  return names.join(", ");
}

/** What a reader must know before trusting a difference: logs that differ in kind are never compared silently. */
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
  const imported = nodes.filter(({ nature }) => nature.importedHours > 0);
  if (imported.length > 0) {
    const parts = imported.map(({ name, nature }) => `${name} ${nature.importedHours}`);
    caveats.push({
      metrics: needing("debug-lines"),
      nodes: imported.map(({ name }) => name),
      unfair: false,
      text: `hours imported from storj_monitor (${list(parts)}): their log level is not known, so failed uploads may be missing`,
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
      text: `the log of ${list(coarse)} has whole seconds only: its percentiles are hidden, its mean is valid`,
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
      text: `the logs cover different parts of the window (${list(parts)}): sums are not ranked`,
    });
  }
  const told = nodes.filter(({ earnings }) => earnings.source === "model");
  const stored = told.filter(({ earnings }) => earnings.modelHasStorage);
  if (stored.length > 0 && stored.length < told.length) {
    const missing = told.filter(({ earnings }) => !earnings.modelHasStorage).map(({ name }) => name);
    caveats.push({
      metrics: needing("storage"),
      nodes: missing,
      unfair: true,
      text: `what ${list(missing)} stores is unknown (see nodupe ingest --api), so its earnings do not include storage and are not ranked`,
    });
  }
  if (told.some(({ earnings }) => earnings.apiUsd !== null)) {
    const silent = told.filter(({ earnings }) => earnings.apiUsd === null).map(({ name }) => name);
    caveats.push({
      metrics: [],
      nodes: silent,
      unfair: false,
      text: `no API figure of this month for ${list(silent)}: all earnings are estimated`,
    });
  }
  for (const { name, disqualified, suspended } of nodes) {
    const trouble = [
      ...((disqualified ?? 0) > 0 ? [`disqualified on ${satellites(disqualified ?? 0)}`] : []),
      ...((suspended ?? 0) > 0 ? [`suspended on ${satellites(suspended ?? 0)}`] : []),
    ];
    if (trouble.length === 0) continue;
    caveats.push({ metrics: [], nodes: [name], unfair: false, text: `${name} is ${trouble.join(" and ")}` });
  }
  const errors = named(({ nature }) => nature.level === "error");
  if (errors.length > 0) {
    caveats.push({
      metrics: [],
      nodes: errors,
      unfair: false,
      text: `the log of ${list(errors)} has errors only: its rates are not known`,
    });
  }
  const apart = nodes.filter(
    (node) =>
      node.hours.length > 0 && !nodes.some((other) => other !== node && haveCommon(node.hours, other.hours)),
  );
  if (apart.length > 0 && nodes.length > 1) {
    const names = apart.map(({ name }) => name);
    caveats.push({
      metrics: [],
      nodes: names,
      unfair: false,
      text: `${list(names)} has no hour in common with another node: nodes are judged hour by hour, so there is no verdict on it`,
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
