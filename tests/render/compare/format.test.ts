import { expect, test } from "bun:test";
import { noMetrics } from "../../../src/nodes/compare/registry.ts";
import { formatMetric } from "../../../src/render/compare/format.ts";

test("each unit is formatted for people", () => {
  const metrics = {
    ...noMetrics(),
    success_rate_download: 98.765,
    total_operations: 1_234_567,
    download_bytes: 3 * 1024 ** 3,
    avg_latency_p50: 4.56,
    avg_latency_p95: 45.6,
    avg_latency_p99: 12_345,
    total_earnings: 1.005,
  };
  const names = Object.keys(metrics) as (keyof typeof metrics)[];
  const shown = names
    .filter((name) => metrics[name] !== null)
    .map((name) => [name, formatMetric(name, metrics)]);
  expect(Object.fromEntries(shown)).toEqual({
    success_rate_download: "98.77%",
    total_operations: "1,234,567",
    download_bytes: "3.0 GiB",
    avg_latency_p50: "4.6 ms",
    avg_latency_p95: "46 ms",
    avg_latency_p99: "12.3 s",
    total_earnings: "$1.00",
  });
});

test("unknown values are a dash; a latency hidden by the log's whole seconds says so", () => {
  const metrics = { ...noMetrics(), latency_resolution_ms: 1_000 };
  expect([
    formatMetric("total_operations", metrics),
    formatMetric("avg_latency_p50", metrics),
    formatMetric("avg_latency_p50", noMetrics()),
  ]).toEqual(["—", "< 1 s (log)", "—"]);
});
