import { expect, test } from "bun:test";
import { METRICS, metricsOf, noMetrics } from "../../../src/nodes/compare/registry.ts";
import { measured } from "../../support/nodes/node-data.ts";

test("names are the contract's, in its order, and none is told twice", () => {
  expect(METRICS.map(({ name }) => name)).toEqual([
    "success_rate_download",
    "success_rate_upload",
    "success_rate_audit",
    "canceled_rate_download",
    "canceled_rate_upload",
    "total_operations",
    "downloads",
    "uploads",
    "audits",
    "repairs",
    "download_bytes",
    "upload_bytes",
    "avg_latency_p50",
    "avg_latency_p95",
    "avg_latency_p99",
    "avg_latency_mean",
    "latency_resolution_ms",
    "total_earnings",
    "earnings_per_tb",
    "held_usd",
    "storage_utilization",
    "storage_efficiency",
    "used_bytes",
    "trash_bytes",
    "avg_audit_score",
    "avg_suspension_score",
    "avg_online_score",
    "coverage_percent",
  ]);
});

test("labels fit the table's first column and are unlike each other", () => {
  const labels = METRICS.map(({ label }) => label);
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels.filter((label) => label.length > 18)).toEqual([]);
});

test("lower is better for latencies and canceled shares, and for nothing else", () => {
  expect(METRICS.filter(({ lowerIsBetter }) => lowerIsBetter).map(({ name }) => name)).toEqual([
    "canceled_rate_download",
    "canceled_rate_upload",
    "avg_latency_p50",
    "avg_latency_p95",
    "avg_latency_p99",
    "avg_latency_mean",
  ]);
});

test("a node's values, from its hours, its cells and its API", () => {
  const values = metricsOf(
    measured(
      [
        {
          hour: 0,
          operations: [
            { action: "GET", count: 90, sizeBytes: 1_000, durationMs: 100 },
            { action: "GET", outcome: "canceled", count: 8, sizeBytes: 1_000, durationMs: 300 },
            { action: "GET_REPAIR", outcome: "failed", count: 2, sizeBytes: 5_000 },
            { action: "GET_AUDIT", count: 4, sizeBytes: 256 },
          ],
        },
        {
          hour: 1,
          operations: [
            { action: "PUT", count: 30, sizeBytes: 2_000 },
            { action: "PUT_REPAIR", outcome: "canceled", count: 10, sizeBytes: 2_000 },
            { action: "DELETE", count: 5 },
          ],
        },
      ],
      {
        usedBytes: 6e12,
        totalBytes: 8e12,
        trashBytes: 1.2e12,
        auditScore: 1,
        suspensionScore: 0.99,
        onlineScore: 0.98,
      },
    ),
  );
  expect(values).toEqual({
    success_rate_download: 90,
    success_rate_upload: 75,
    success_rate_audit: 100,
    canceled_rate_download: 8,
    canceled_rate_upload: 25,
    total_operations: 149,
    downloads: 100,
    uploads: 40,
    audits: 4,
    repairs: 12,
    download_bytes: 91_024,
    upload_bytes: 60_000,
    avg_latency_p50: expect.closeTo(100, 0),
    avg_latency_p95: expect.closeTo(300, -1),
    avg_latency_p99: expect.closeTo(300, -1),
    avg_latency_mean: (90 * 100 + 8 * 300) / 98,
    latency_resolution_ms: 1,
    total_earnings: expect.closeTo((91_024 / 1e12) * 2 + 6 * 1.5 * (24 / 720), 9),
    earnings_per_tb: expect.closeTo(((91_024 / 1e12) * 2 + 6 * 1.5 * (24 / 720)) / 6, 9),
    storage_utilization: 75,
    held_usd: null,
    storage_efficiency: 70,
    used_bytes: 6e12,
    trash_bytes: 1.2e12,
    avg_suspension_score: 99,
    avg_audit_score: 100,
    avg_online_score: 98,
    coverage_percent: expect.closeTo((2 / 24) * 100, 4),
  });
});

test("what the log does not tell is null, never 0", () => {
  const empty = metricsOf(measured([]));
  expect(empty).toEqual({
    ...noMetrics(),
    total_operations: 0,
    downloads: 0,
    uploads: 0,
    audits: 0,
    repairs: 0,
    download_bytes: 0,
    upload_bytes: 0,
    coverage_percent: 0,
  });
});

test("a log of errors alone tells no share, only how many failed", () => {
  const values = metricsOf(
    measured([{ hour: 0, level: "ERROR", operations: [{ action: "GET", outcome: "failed", count: 10 }] }]),
  );
  expect([values.success_rate_download, values.canceled_rate_download, values.downloads]).toEqual([
    null,
    null,
    10,
  ]);
});

test("whole seconds hide the quantiles, not the mean", () => {
  const values = metricsOf(
    measured([{ hour: 0, operations: [{ action: "GET", count: 10, durationMs: 1_000, coarse: true }] }]),
  );
  expect([values.avg_latency_p50, values.avg_latency_mean, values.latency_resolution_ms]).toEqual([
    null,
    1_000,
    1_000,
  ]);
});

test("trash up to a tenth of the disk costs no efficiency, and no more than all of it", () => {
  const efficiency = (usedBytes: number, trashBytes: number): number | null =>
    metricsOf(measured([], { usedBytes, totalBytes: 100, trashBytes })).storage_efficiency;
  expect([efficiency(50, 10), efficiency(50, 15), efficiency(5, 80)]).toEqual([50, 45, 0]);
});
