import { humanBytes } from "../../lib/format/bytes.ts";
import { type MetricName, metricNamed, type Metrics } from "../../nodes/compare/registry.ts";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 10 ? `${value.toFixed(0)} ms` : `${value.toFixed(1)} ms`;
}

/** A value for people: `—` if unknown. */
export function formatMetric(name: MetricName, metrics: Metrics): string {
  const { unit, needs } = metricNamed(name);
  const value = metrics[name];
  if (value === null) {
    const isHidden = needs.includes("milliseconds") && metrics.latency_resolution_ms === 1000;
    return isHidden ? "< 1 s (log)" : "—";
  }
  switch (unit) {
    case "bytes":
      return humanBytes(value);
    case "ms":
      return milliseconds(value);
    case "usd":
      return `$${value.toFixed(2)}`;
    case "percent":
      return `${value.toFixed(2)}%`;
    case "count":
      return whole.format(value);
  }
}
