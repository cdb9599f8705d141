import { metric } from "../metric.ts";

export const earnings = [
  metric({
    name: "total_earnings",
    label: "earnings",
    unit: "usd",
    span: "month-or-window",
    types: ["earnings", "overall"],
    needs: ["storage"],
    of: (measured) => measured.earnings.totalUsd,
  }),
  metric({
    name: "earnings_per_tb",
    label: "earnings per TB",
    // promtool takes "tb" for an abbreviated unit.
    prometheusStem: "earnings_per_terabyte",
    unit: "usd",
    span: "month-or-window",
    types: ["earnings", "efficiency", "overall"],
    of: (measured) => measured.earnings.perTbUsd,
  }),
  metric({
    name: "held_usd",
    label: "held back",
    unit: "usd",
    span: "month",
    types: ["earnings", "overall"],
    ranked: false,
    of: (measured) => measured.earnings.heldUsd,
  }),
] as const;
