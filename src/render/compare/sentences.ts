import { metricNamed, type MetricName } from "../../nodes/compare/registry.ts";
import type { CompareReport } from "./report.ts";

type Why = CompareReport["why"][number];

function amount(value: number, metric: MetricName): string {
  const unit = metricNamed(metric).unit === "ms" ? "ms" : "points";
  const digits = Math.abs(value) < 10 ? 1 : 0;
  return `${value > 0 ? "+" : ""}${value.toFixed(digits).replace("-", "−")} ${unit}`;
}

function whyText({ mostly, metric }: Why): string {
  if (mostly === null) return "evenly spread over satellites, actions, sizes and hours";
  return `mostly ${mostly.dimension} ${mostly.group} (${amount(mostly.contribution, metric)})`;
}

/** One sentence of the answer, and the cause of the difference. */
export interface Sentence {
  readonly text: string;
  readonly why: string | null;
}

function realDifferences({ verdicts, why }: CompareReport): Sentence[] {
  const explained = new Set<Why>();
  return verdicts
    .filter(({ significant }) => significant)
    .map(({ text, metric, worse, better }) => {
      const isShare = metricNamed(metric).question?.type === "share";
      // For latencies only the mean is broken down, and that only once.
      const about = isShare ? metric : "avg_latency_mean";
      const found = why.find(
        (entry) => entry.metric === about && entry.worse === worse && entry.better === better,
      );
      if (found === undefined || explained.has(found)) return { text, why: null };
      explained.add(found);
      return { text, why: whyText(found) };
    });
}

/** The verdict first: what really differs, what cannot be told yet, and that the rest is alike. */
export function verdictSentences(report: CompareReport): Sentence[] {
  const { verdicts } = report;
  if (verdicts.length === 0) return [];
  const real = realDifferences(report);
  const early = verdicts.filter(({ type }) => type === "too_early");
  const sentences = [...real];
  const alike = verdicts.length - real.length - early.length;
  if (alike > 0) {
    const rest =
      real.length + early.length === 0 ? "no real difference" : "no real difference in anything else";
    sentences.push({ text: rest, why: null });
  }
  if (early.length > 0) {
    const labels = [...new Set(early.map(({ metric }) => metricNamed(metric).label))];
    const hours = Math.max(...early.map(({ missing_hours }) => missing_hours ?? 0));
    sentences.push({
      text: `too early to tell (needs about ${hours} more hours): ${labels.join(", ")}`,
      why: null,
    });
  }
  return sentences;
}

/** Faults of a node without which nothing else can be understood: shown before the figures. */
export function troubleSentences({ nodes }: CompareReport): string[] {
  return nodes.flatMap(({ node_name, error, metrics, newest_line }) => {
    if (error !== null) return [`${node_name}: ${error}`];
    if (metrics.total_operations !== 0 || newest_line === null) return [];
    return [`${node_name}: no operations in this window; newest line ${newest_line}`];
  });
}

/** Notes on the figures: where earnings come from, and which comparisons are unfair. */
export function noteSentences(report: CompareReport): string[] {
  return [...earningsNote(report), ...report.caveats.map(({ text }) => text)];
}

/** Both figures of each node whose API reports one; if none does, that all are estimates of the model. */
function earningsNote({ nodes, rankings }: CompareReport): string[] {
  const earning = nodes.filter(({ earnings_model_usd, earnings_api_usd }) => {
    return earnings_model_usd !== null || earnings_api_usd !== null;
  });
  if (earning.length === 0 || !Object.hasOwn(rankings, "total_earnings")) return [];
  if (earning.every(({ earnings_api_usd }) => earnings_api_usd === null)) {
    return ["earnings are estimated for the window; nodupe ingest --api reads the node's own figure"];
  }
  const texts = earning.map(({ node_name, earnings_api_usd, earnings_api_at, earnings_model_usd }) => {
    const figures = [
      ...(earnings_api_usd === null
        ? []
        : [`$${earnings_api_usd.toFixed(2)} this month according to its API, ${day(earnings_api_at)}`]),
      ...(earnings_model_usd === null
        ? []
        : [`$${earnings_model_usd.toFixed(2)} for the window (estimated)`]),
    ];
    return `${node_name} ${figures.join(", ")}`;
  });
  return [`earnings: ${texts.join("; ")}`];
}

function day(iso: string | null): string {
  return iso === null ? "at an unknown time" : `as of ${iso.slice(0, 16).replace("T", " ")} UTC`;
}
