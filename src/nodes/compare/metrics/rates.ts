import { CANCELED, KINDS, SUCCESS } from "../../log/vocabulary.ts";
import { metric, type Metric, type Need } from "../metric.ts";
import { shareOf } from "../measure.ts";

/** The share of a kind's ended operations that had `outcome`. */
function rate<const N extends string>(told: {
  readonly name: N;
  readonly label: string;
  readonly kind: (typeof KINDS)[number];
  readonly outcome: number;
  readonly worse: string;
  readonly better: string;
  readonly lowerIsBetter?: boolean;
}): Metric<N> {
  const kind = KINDS.indexOf(told.kind);
  const { name, label, outcome, worse, better, lowerIsBetter = false } = told;
  // Ordinary failed uploads are logged only at DEBUG.
  const needs: readonly Need[] = told.kind === "upload" ? ["debug-lines"] : [];
  return metric({
    name,
    label,
    unit: "percent",
    lowerIsBetter,
    types: ["performance", "overall"],
    needs,
    question: { type: "share", kind, outcome, said: { worse, better, what: "" } },
    // A log with only failures gives no shares.
    of: ({ data, nature }) => (nature.level === "error" ? null : shareOf(data.hours, kind, outcome)),
  });
}

export const rates = [
  rate({
    name: "success_rate_download",
    label: "download success",
    kind: "download",
    outcome: SUCCESS,
    worse: "serves fewer of its downloads",
    better: "serves more of its downloads",
  }),
  rate({
    name: "success_rate_upload",
    label: "upload success",
    kind: "upload",
    outcome: SUCCESS,
    worse: "takes fewer of its uploads",
    better: "takes more of its uploads",
  }),
  rate({
    name: "success_rate_audit",
    label: "audit success",
    kind: "audit",
    outcome: SUCCESS,
    worse: "passes fewer of its audits",
    better: "passes more of its audits",
  }),
  rate({
    name: "canceled_rate_download",
    label: "downloads canceled",
    kind: "download",
    outcome: CANCELED,
    lowerIsBetter: true,
    worse: "has more downloads canceled",
    better: "has fewer downloads canceled",
  }),
  rate({
    name: "canceled_rate_upload",
    label: "uploads canceled",
    kind: "upload",
    outcome: CANCELED,
    lowerIsBetter: true,
    worse: "has more uploads canceled",
    better: "has fewer uploads canceled",
  }),
] as const;
