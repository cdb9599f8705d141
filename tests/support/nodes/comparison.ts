import { noMetrics, type Metrics } from "../../../src/nodes/compare/registry.ts";
import type { CompareReport } from "../../../src/render/compare/report.ts";

type NodeResult = CompareReport["nodes"][number];

/** A node's part of a report; whatever is not given is unknown. */
export function nodeResult(
  node_name: string,
  metrics: Partial<Metrics>,
  more: Partial<NodeResult> = {},
): NodeResult {
  return {
    node_name,
    metrics: { ...noMetrics(), ...metrics },
    intervals: {},
    earnings_source: null,
    earnings_api_usd: null,
    earnings_api_at: null,
    disqualified: null,
    suspended: null,
    scores: [],
    earnings_model_usd: null,
    log_level: "debug",
    newest_line: "2026-11-26T04:00:00.000Z",
    as_of: null,
    trend: { success_rate_download: [], avg_latency_mean: [], total_operations: [] },
    latency_distribution: null,
    error: null,
    ...more,
  };
}

/** A report of 24 hours with only the given parts. */
export function compareReport(parts: Partial<CompareReport>): CompareReport {
  return {
    nodes: [],
    verdicts: [],
    why: [],
    caveats: [],
    type: "performance",
    timeRange: "24h",
    sinceMs: Date.UTC(2026, 10, 25, 4),
    untilMs: Date.UTC(2026, 10, 26, 4),
    rankings: {},
    cached: false,
    cache: null,
    elapsedS: 0.25,
    ...parts,
  };
}

const GET_REPAIR = {
  dimension: "action",
  group: "GET_REPAIR",
  contribution: -6.2,
  rate_effect: -6,
  mix_effect: -0.2,
  share_percent: 10,
} as const;

/** Two nodes, one of which is really better, and the verdict on them. */
export const TWO_NODES: CompareReport = compareReport({
  nodes: [
    nodeResult(
      "attic, left",
      {
        success_rate_download: 98.765,
        total_operations: 12_345,
        download_bytes: 3 * 1024 ** 3,
        avg_latency_p50: 45.6,
        total_earnings: 1.5,
        coverage_percent: 100,
      },
      { intervals: { success_rate_download: [98.5, 99] } },
    ),
    nodeResult(
      "cellar|1",
      {
        success_rate_download: 91.25,
        total_operations: 999,
        avg_latency_p50: null,
        latency_resolution_ms: 1_000,
        coverage_percent: 50,
      },
      {
        trend: {
          success_rate_download: [90, null, 92],
          avg_latency_mean: [null, null, null],
          total_operations: [1, 2, 3],
        },
      },
    ),
  ],
  rankings: {
    success_rate_download: ["attic, left", "cellar|1"],
    total_operations: ["attic, left", "cellar|1"],
    avg_latency_p50: ["attic, left"],
  },
  verdicts: [
    {
      metric: "success_rate_download",
      better: "attic, left",
      worse: "cellar|1",
      nodes: ["attic, left", "cellar|1"],
      difference: -7.515,
      interval: [-9, -6],
      type: "real_difference",
      significant: true,
      hours: 168,
      missing_hours: null,
      text: "cellar|1 serves fewer of its downloads: 91.25% against 98.77%",
    },
  ],
  why: [
    {
      metric: "success_rate_download",
      better: "attic, left",
      worse: "cellar|1",
      contributions: [GET_REPAIR],
      mostly: GET_REPAIR,
    },
  ],
  caveats: [
    {
      metrics: ["avg_latency_p50"],
      nodes: ["cellar|1"],
      unfair: true,
      text: "cellar|1 logs whole seconds: its latencies are not compared",
    },
  ],
});
