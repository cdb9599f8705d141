import { metric } from "../metric.ts";
import { coverageOf, storageOf } from "../measure.ts";

function percent(share: number | null): number | null {
  return share === null ? null : share * 100;
}

/** What the node's disk holds, what satellites think of it, and how much of the window its log shows. */
export const standing = [
  metric({
    name: "storage_utilization",
    label: "disk used",
    unit: "percent",
    types: ["efficiency", "overall"],
    of: ({ data }) => storageOf(data.snapshot).utilization,
  }),
  metric({
    name: "storage_efficiency",
    label: "disk efficiency",
    unit: "percent",
    types: ["efficiency", "overall"],
    of: ({ data }) => storageOf(data.snapshot).efficiency,
  }),
  metric({
    name: "avg_audit_score",
    label: "audit score",
    unit: "percent",
    types: ["efficiency", "overall"],
    of: ({ data }) => percent(data.snapshot?.auditScore ?? data.scores.audit),
  }),
  metric({
    name: "avg_online_score",
    label: "online score",
    unit: "percent",
    types: ["efficiency", "overall"],
    of: ({ data }) => percent(data.snapshot?.onlineScore ?? data.scores.online),
  }),
  metric({
    name: "coverage_percent",
    label: "window covered",
    unit: "percent",
    types: [],
    of: ({ data, window }) => coverageOf(data.hours, window),
  }),
] as const;
