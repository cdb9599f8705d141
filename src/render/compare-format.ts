import { humanBytes } from "../lib/format/bytes.ts";
import type { MaybeMetrics, MetricName } from "../nodes/compare/metrics.ts";

export const LABELS: Readonly<Record<MetricName, string>> = {
  success_rate_download: "download success",
  success_rate_upload: "upload success",
  success_rate_audit: "audit success",
  canceled_rate_download: "downloads canceled",
  canceled_rate_upload: "uploads canceled",
  total_operations: "operations",
  downloads: "downloads",
  uploads: "uploads",
  audits: "audits",
  repairs: "repairs",
  download_bytes: "sent",
  upload_bytes: "received",
  avg_latency_p50: "latency p50",
  avg_latency_p95: "latency p95",
  avg_latency_p99: "latency p99",
  avg_latency_mean: "latency mean",
  latency_resolution_ms: "log resolution",
  total_earnings: "earnings",
  earnings_per_tb: "earnings per TB",
  storage_utilization: "disk used",
  storage_efficiency: "disk efficiency",
  avg_audit_score: "audit score",
  avg_online_score: "online score",
  coverage_percent: "window covered",
};

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 10 ? `${value.toFixed(0)} ms` : `${value.toFixed(1)} ms`;
}

/** A value as people read it: `—` where it is not known. */
export function formatMetric(metric: MetricName, metrics: MaybeMetrics): string {
  const value = metrics[metric];
  const isQuantile = metric.startsWith("avg_latency_p");
  if (value === null) return isQuantile && metrics.latency_resolution_ms === 1000 ? "< 1 s (log)" : "—";
  if (metric.endsWith("_bytes")) return humanBytes(value);
  if (metric.startsWith("avg_latency_") || metric === "latency_resolution_ms") return milliseconds(value);
  if (/earnings/.test(metric)) return `$${value.toFixed(2)}`;
  if (/^(success|canceled)_rate_|_score$|^storage_|_percent$/.test(metric)) return `${value.toFixed(2)}%`;
  return whole.format(value);
}
