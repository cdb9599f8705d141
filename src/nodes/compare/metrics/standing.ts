import { coverageOf, meanScore, storageOf } from "../measure.ts";
import { metric } from "../metric.ts";
import { COMPARISON_TYPES } from "../options.ts";

function percent(share: number | null): number | null {
  return share === null ? null : share * 100;
}

/** The state of the node's disk, its scores from satellites, and how much of the window its log covers. */
export const standing = [
  metric({
    name: "storage_utilization",
    label: "disk used",
    unit: "percent",
    span: "latest",
    types: ["efficiency", "overall"],
    of: ({ data }) => storageOf(data.snapshot).utilization,
  }),
  metric({
    name: "storage_efficiency",
    label: "disk efficiency",
    unit: "percent",
    span: "latest",
    types: ["efficiency", "overall"],
    of: ({ data }) => storageOf(data.snapshot).efficiency,
  }),
  metric({
    name: "used_bytes",
    label: "stored",
    unit: "bytes",
    span: "latest",
    types: ["efficiency", "overall"],
    ranked: false,
    of: ({ data }) => data.snapshot?.usedBytes ?? null,
  }),
  metric({
    name: "trash_bytes",
    label: "trash",
    unit: "bytes",
    span: "latest",
    types: ["efficiency", "overall"],
    ranked: false,
    of: ({ data }) => data.snapshot?.trashBytes ?? null,
  }),
  metric({
    name: "avg_audit_score",
    label: "audit score",
    unit: "percent",
    span: "latest",
    types: ["efficiency", "overall"],
    of: ({ data }) => percent(data.snapshot?.auditScore ?? meanScore(data.scores, "audit")),
  }),
  metric({
    name: "avg_suspension_score",
    label: "suspension score",
    unit: "percent",
    span: "latest",
    types: ["efficiency", "overall"],
    of: ({ data }) => percent(data.snapshot?.suspensionScore ?? meanScore(data.scores, "suspension")),
  }),
  metric({
    name: "avg_online_score",
    label: "online score",
    unit: "percent",
    span: "latest",
    types: ["efficiency", "overall"],
    of: ({ data }) => percent(data.snapshot?.onlineScore ?? meanScore(data.scores, "online")),
  }),
  metric({
    name: "coverage_percent",
    label: "window covered",
    unit: "percent",
    types: COMPARISON_TYPES,
    ranked: false,
    of: ({ data, window }) => coverageOf(data.hours, window),
  }),
] as const;
