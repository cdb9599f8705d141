import { type MaybeMetrics, METRIC_NAMES, type MetricName } from "./metrics.ts";

const COMPARISON_TYPES = ["performance", "earnings", "efficiency", "overall"] as const;
export type ComparisonType = (typeof COMPARISON_TYPES)[number];

const EARNINGS: readonly MetricName[] = ["total_earnings", "earnings_per_tb"];
const EFFICIENCY: readonly MetricName[] = [
  "storage_utilization",
  "storage_efficiency",
  "avg_audit_score",
  "avg_online_score",
  "earnings_per_tb",
];
/** What tells about the log rather than the node is not ranked. */
const ABOUT_THE_LOG: readonly MetricName[] = ["latency_resolution_ms", "coverage_percent"];

/** Metrics that a type of comparison ranks. */
function rankedMetrics(type: ComparisonType): readonly MetricName[] {
  const all = METRIC_NAMES.filter((metric) => !ABOUT_THE_LOG.includes(metric));
  if (type === "overall") return all;
  if (type === "earnings") return EARNINGS;
  if (type === "efficiency") return EFFICIENCY;
  return all.filter((metric) => !EARNINGS.includes(metric) && !EFFICIENCY.includes(metric));
}

export function isLowerBetter(metric: MetricName): boolean {
  return metric.startsWith("avg_latency_") || metric.startsWith("canceled_rate_");
}

/** Names best first; null last; ties in the order of the names given. What is unfair to compare is ranked empty. */
export function rankings(
  nodes: readonly { readonly node_name: string; readonly metrics: MaybeMetrics }[],
  type: ComparisonType,
  unfair: ReadonlySet<MetricName>,
): Readonly<Record<string, readonly string[]>> {
  const ranked: Record<string, readonly string[]> = {};
  for (const metric of rankedMetrics(type)) {
    const sign = isLowerBetter(metric) ? 1 : -1;
    ranked[metric] = unfair.has(metric)
      ? []
      : nodes
          .toSorted((a, b) => {
            const left = a.metrics[metric];
            const right = b.metrics[metric];
            if (left === null || right === null) return Number(left === null) - Number(right === null);
            return (left - right) * sign;
          })
          .map((node) => node.node_name);
  }
  return ranked;
}
