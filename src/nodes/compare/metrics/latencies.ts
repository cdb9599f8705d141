import { metric, type Metric, type Question } from "../metric.ts";

function said(what: string): Question["said"] {
  return { worse: "is slower", better: "is faster", what: `${what} ` };
}

/** A quantile of all timed operations' durations; hidden if the log has whole seconds only. */
function quantile<const N extends string>(name: N, percent: number): Metric<N> {
  const short = `p${percent}`;
  const share = percent / 100;
  return metric({
    name,
    label: `latency ${short}`,
    unit: "ms",
    lowerIsBetter: true,
    types: ["performance", "overall"],
    needs: ["durations", "milliseconds"],
    question: { type: "quantile", share, said: said(short) },
    of: ({ latency }) => latency.quantileMs(share),
  });
}

export const latencies = [
  quantile("avg_latency_p50", 50),
  quantile("avg_latency_p95", 95),
  quantile("avg_latency_p99", 99),
  metric({
    name: "avg_latency_mean",
    label: "latency mean",
    unit: "ms",
    lowerIsBetter: true,
    types: ["performance", "overall"],
    needs: ["durations"],
    question: { type: "mean", said: said("mean") },
    of: ({ latency }) => latency.meanMs,
  }),
  metric({
    name: "latency_resolution_ms",
    label: "log resolution",
    unit: "ms",
    types: [],
    of: ({ latency }) => latency.resolutionMs,
  }),
] as const;
