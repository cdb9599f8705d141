import { type Earnings, earningsOf, type Rates } from "./earnings.ts";
import type { NodeData, Window } from "./load.ts";
import type { HourStats } from "../store/hour-stats.ts";
import { latencyOf, type LatencyTable } from "./latency.ts";
import { cellParts } from "../store/rollup.ts";
import type { Cluster } from "./statistics.ts";
import {
  ACTIONS,
  CANCELED,
  HOUR_MS,
  isEgress,
  isIngress,
  kindOfAction,
  KINDS,
  LEVEL_DEBUG,
  SUCCESS,
} from "../log/vocabulary.ts";

/** Names and order of the metrics: the earlier monitor's, and what is new beside them. */
export interface Metrics {
  readonly success_rate_download: number | null;
  readonly success_rate_upload: number | null;
  readonly success_rate_audit: number | null;
  readonly canceled_rate_download: number | null;
  readonly canceled_rate_upload: number | null;
  readonly total_operations: number;
  readonly downloads: number;
  readonly uploads: number;
  readonly audits: number;
  readonly repairs: number;
  readonly download_bytes: number;
  readonly upload_bytes: number;
  readonly avg_latency_p50: number | null;
  readonly avg_latency_p95: number | null;
  readonly avg_latency_p99: number | null;
  readonly avg_latency_mean: number | null;
  readonly latency_resolution_ms: number | null;
  readonly total_earnings: number | null;
  readonly earnings_per_tb: number | null;
  readonly storage_utilization: number | null;
  readonly storage_efficiency: number | null;
  readonly avg_audit_score: number | null;
  readonly avg_online_score: number | null;
  readonly coverage_percent: number;
}
export type MetricName = keyof Metrics;
/** A node whose figures could not be had: every one of them null. */
export type MaybeMetrics = { readonly [M in MetricName]: Metrics[M] | null };

/** Shares of operations, each told by its kind and the outcome it counts. */
export const RATE_METRICS = {
  success_rate_download: { kind: 0, outcome: SUCCESS },
  success_rate_upload: { kind: 1, outcome: SUCCESS },
  success_rate_audit: { kind: 2, outcome: SUCCESS },
  canceled_rate_download: { kind: 0, outcome: CANCELED },
  canceled_rate_upload: { kind: 1, outcome: CANCELED },
} as const;
export type RateMetric = keyof typeof RATE_METRICS;
export const RATE_NAMES = Object.keys(RATE_METRICS) as readonly RateMetric[];

/** What grows with the part of the window that a log covers. */
export const SUM_NAMES: readonly MetricName[] = [
  "total_operations",
  "downloads",
  "uploads",
  "audits",
  "repairs",
  "download_bytes",
  "upload_bytes",
];

/** What a node's log is like: what can be compared with it. */
export interface LogNature {
  /** `debug` shows started operations and every failure; `info` does not. null: no lines. */
  readonly level: "debug" | "info" | null;
  readonly hasDurations: boolean;
}

export function clustersOf(hours: readonly HourStats[], metric: RateMetric): Cluster[] {
  const { kind, outcome } = RATE_METRICS[metric];
  const first = kind * 3;
  return hours.map(({ counts }) => ({
    successes: counts[first + outcome] ?? 0,
    trials: (counts[first] ?? 0) + (counts[first + 1] ?? 0) + (counts[first + 2] ?? 0),
  }));
}

function rateOf(hours: readonly HourStats[], metric: RateMetric): number | null {
  let successes = 0;
  let trials = 0;
  const { kind, outcome } = RATE_METRICS[metric];
  const first = kind * 3;
  for (const { counts } of hours) {
    successes += counts[first + outcome] ?? 0;
    trials += (counts[first] ?? 0) + (counts[first + 1] ?? 0) + (counts[first + 2] ?? 0);
  }
  return trials === 0 ? null : (successes / trials) * 100;
}

/**
 * The share of the window that the log covers, in percent: from its first to its last line, less the whole hours in
 * between that have no line at all.
 */
function coverageOf(hours: readonly HourStats[], window: Window): number {
  const lengthMs = window.untilMs - window.sinceMs;
  if (lengthMs <= 0) return 0;
  const lined = hours.filter((hour) => hour.firstMs <= hour.lastMs);
  const first = lined[0];
  const last = lined.at(-1);
  if (first === undefined || last === undefined) return 0;
  let coveredMs = 0;
  for (const hour of lined) {
    const fromMs = hour === first ? hour.firstMs : hour.startMs;
    const untilMs = hour === last ? hour.lastMs : hour.startMs + HOUR_MS;
    coveredMs += Math.max(0, Math.min(untilMs, window.untilMs) - Math.max(fromMs, window.sinceMs));
  }
  return Math.min(100, (coveredMs / lengthMs) * 100);
}

export function natureOf(hours: readonly HourStats[]): LogNature {
  let debug = 0;
  let lines = 0;
  let timed = 0;
  for (const hour of hours) {
    debug += hour.levels[LEVEL_DEBUG] ?? 0;
    for (const count of hour.levels) lines += count;
    timed += hour.timed;
  }
  return { level: lines === 0 ? null : debug > 0 ? "debug" : "info", hasDurations: timed > 0 };
}

function percent(share: number | null): number | null {
  return share === null ? null : share * 100;
}

function storageOf(data: NodeData): { utilization: number | null; efficiency: number | null } {
  const { usedBytes = null, totalBytes = null, trashBytes = null } = data.snapshot ?? {};
  if (usedBytes === null || totalBytes === null || totalBytes <= 0)
    return { utilization: null, efficiency: null };
  const utilization = (usedBytes / totalBytes) * 100;
  if (trashBytes === null) return { utilization, efficiency: null };
  const excess = Math.max(0, (trashBytes / totalBytes) * 100 - 10);
  return { utilization, efficiency: Math.min(100, Math.max(0, utilization - excess)) };
}

export function metricsOf(
  data: NodeData,
  latencies: LatencyTable,
  options: { window: Window; rates: Rates },
): { metrics: Metrics; earnings: Earnings } {
  const { hours, cells } = data;
  const byKind = KINDS.map(() => 0);
  let operations = 0;
  let repairs = 0;
  let downloadBytes = 0;
  let uploadBytes = 0;
  for (const [key, cell] of cells) {
    const { action, outcome } = cellParts(key);
    const kind = kindOfAction(action);
    byKind[kind] = (byKind[kind] ?? 0) + cell.count;
    operations += cell.count;
    if (ACTIONS[action]?.endsWith("_REPAIR") === true) repairs += cell.count;
    if (outcome !== SUCCESS) continue;
    if (isEgress(action)) downloadBytes += cell.bytes;
    if (isIngress(action)) uploadBytes += cell.bytes;
  }
  const latency = latencyOf(latencies);
  const storage = storageOf(data);
  const earnings = earningsOf(cells, data.snapshot, {
    rates: options.rates,
    windowMs: options.window.untilMs - options.window.sinceMs,
    untilMs: options.window.untilMs,
    hasOperations: operations > 0,
  });
  const metrics: Metrics = {
    success_rate_download: rateOf(hours, "success_rate_download"),
    success_rate_upload: rateOf(hours, "success_rate_upload"),
    success_rate_audit: rateOf(hours, "success_rate_audit"),
    canceled_rate_download: rateOf(hours, "canceled_rate_download"),
    canceled_rate_upload: rateOf(hours, "canceled_rate_upload"),
    total_operations: operations,
    downloads: byKind[0] ?? 0,
    uploads: byKind[1] ?? 0,
    audits: byKind[2] ?? 0,
    repairs,
    download_bytes: downloadBytes,
    upload_bytes: uploadBytes,
    ...latency.values,
    latency_resolution_ms: latency.resolutionMs,
    total_earnings: earnings.totalUsd,
    earnings_per_tb: earnings.perTbUsd,
    storage_utilization: storage.utilization,
    storage_efficiency: storage.efficiency,
    avg_audit_score: percent(data.snapshot?.auditScore ?? data.scores.audit),
    avg_online_score: percent(data.snapshot?.onlineScore ?? data.scores.online),
    coverage_percent: coverageOf(hours, options.window),
  };
  return { metrics, earnings };
}

export const NO_METRICS: MaybeMetrics = {
  success_rate_download: null,
  success_rate_upload: null,
  success_rate_audit: null,
  canceled_rate_download: null,
  canceled_rate_upload: null,
  total_operations: null,
  downloads: null,
  uploads: null,
  audits: null,
  repairs: null,
  download_bytes: null,
  upload_bytes: null,
  avg_latency_p50: null,
  avg_latency_p95: null,
  avg_latency_p99: null,
  avg_latency_mean: null,
  latency_resolution_ms: null,
  total_earnings: null,
  earnings_per_tb: null,
  storage_utilization: null,
  storage_efficiency: null,
  avg_audit_score: null,
  avg_online_score: null,
  coverage_percent: null,
};

export const METRIC_NAMES = Object.keys(NO_METRICS) as readonly MetricName[];
