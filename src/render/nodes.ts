import { humanBytes } from "../lib/format/bytes.ts";
import { formatCount } from "../lib/format/count.ts";
import { escapeText } from "../lib/format/escape.ts";
import { isoOrNull, momentText } from "../lib/format/moment.ts";
import { textTable } from "../lib/format/table.ts";
import type { NodeSummary } from "../nodes/manage/list-nodes.ts";

export function nodesJson(nodes: readonly NodeSummary[]): object {
  return {
    nodes: nodes.map((node) => ({
      node_name: node.name,
      events: node.events,
      first_event: isoOrNull(node.firstEventMs),
      newest_line: isoOrNull(node.newestLineMs),
      log_level: node.logLevel,
      latency_resolution_ms: node.latencyResolutionMs,
      api_seen: isoOrNull(node.apiSeenMs),
      store_bytes: node.storeBytes,
      imported_hours: node.importedHours,
    })),
  };
}

/** One row per node. */
export function nodesText(nodes: readonly NodeSummary[], nowMs: number): string {
  if (nodes.length === 0) return "The store has no nodes yet; add one with: nodupe ingest --node NAME FILE";
  const moment = (ms: number | null): string => (ms === null ? "-" : momentText(ms, nowMs));
  const rows = nodes.map((node) => [
    escapeText(node.name),
    formatCount(node.events),
    moment(node.firstEventMs),
    moment(node.newestLineMs),
    node.logLevel ?? "-",
    node.latencyResolutionMs === null ? "-" : node.latencyResolutionMs === 1 ? "1 ms" : "1 s",
    moment(node.apiSeenMs),
    humanBytes(node.storeBytes),
  ]);
  const head = [
    "node",
    "events",
    "first event",
    "newest line",
    "log level",
    "resolution",
    "API seen",
    "store",
  ];
  return textTable(head, rows, ["left", "right", "left", "left", "left", "right", "left", "right"]);
}
