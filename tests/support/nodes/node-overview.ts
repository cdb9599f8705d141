import type { NodeOverview } from "../../../src/nodes/overview.ts";

/** A healthy node. */
export function wellNode(name: string): NodeOverview {
  return {
    node_name: name,
    newest_line: "2026-11-26T00:00:00.000Z",
    age_s: 60,
    total_operations: 1_000,
    success_rate_download: 98,
    success_rate_upload: 98,
    success_rate_audit: 100,
    failed_percent: 1,
    avg_latency_mean: 100,
    coverage_percent: 100,
    log_level: "debug",
    latency_resolution_ms: 1,
    damaged_hours: 0,
    scores: [],
    hours: { total_operations: [], success_rate_download: [], avg_latency_mean: [] },
    standing: null,
  };
}
