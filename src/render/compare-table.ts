import { sparkline } from "../lib/format/sparkline.ts";
import { metricNamed, METRICS, type MetricName } from "../nodes/compare/registry.ts";
import { bestNodes, type CompareReport } from "./compare.ts";
import { formatMetric } from "./compare-format.ts";

const LABEL_WIDTH = 19;
const MIN_COLUMN = 13;
const BEST = "*";

export interface TableOptions {
  readonly columns: number;
  readonly color: boolean;
}

function pad(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - Bun.stringWidth(text))) + text;
}

function fit(text: string, width: number): string {
  return Bun.stringWidth(text) <= width ? text : `${Bun.sliceAnsi(text, 0, width - 1)}…`;
}

/** Breaks a sentence at spaces so that no line is wider than `width`; what it begins with stays. */
function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  const words = text.trimStart().split(" ");
  let line = text.slice(0, text.length - text.trimStart().length) + (words.shift() ?? "");
  for (const word of words) {
    const longer = `${line} ${word}`;
    if (Bun.stringWidth(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Metrics that any node has a value of, in the contract's order; always the ones that say what the log shows. */
function shownMetrics(report: CompareReport): MetricName[] {
  const ranked = new Set(Object.keys(report.rankings));
  return METRICS.map(({ name }) => name).filter(
    (metric) =>
      (ranked.has(metric) || metric === "coverage_percent") &&
      report.nodes.some((node) => formatMetric(metric, node.metrics) !== "—"),
  );
}

function block(report: CompareReport, names: readonly string[], options: TableOptions): string[] {
  const width = Math.floor((options.columns - LABEL_WIDTH) / names.length);
  const results = names
    .map((name) => report.nodes.find((node) => node.node_name === name))
    .filter((node) => node !== undefined);
  const lines = [
    " ".repeat(LABEL_WIDTH) + names.map((name) => pad(fit(name, width - 2), width - 1) + " ").join(""),
  ];
  for (const metric of shownMetrics(report)) {
    const allBest = bestNodes(report, metric);
    const cells = results.map((node) => {
      const best = allBest.includes(node.node_name);
      const cell = pad(fit(formatMetric(metric, node.metrics), width - 2), width - 1) + (best ? BEST : " ");
      return best && options.color ? `\u001B[1;32m${cell}\u001B[22;39m` : cell;
    });
    lines.push(metricNamed(metric).label.padEnd(LABEL_WIDTH) + cells.join(""));
  }
  const trends = [
    ["success over time", "success_rate_download"],
    ["latency over time", "avg_latency_mean"],
    ["load over time", "total_operations"],
  ] as const;
  for (const [label, metric] of trends) {
    const cells = results.map((node) => node.trend[metric]);
    if (cells.every((values) => values.every((value) => value === null))) continue;
    lines.push(
      label.padEnd(LABEL_WIDTH) +
        cells.map((values) => pad(fit(sparkline(values), width - 2), width - 1) + " ").join(""),
    );
  }
  return lines.map((line) => line.trimEnd());
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

/** The comparison as a table that fits the terminal; nodes that do not fit beside each other follow below. */
export function compareTable(report: CompareReport, options: TableOptions): string {
  const perBlock = Math.max(1, Math.floor((options.columns - LABEL_WIDTH) / MIN_COLUMN));
  const names = report.nodes.map((node) => node.node_name);
  const title = `${report.type}, ${report.timeRange}: ${time(report.sinceMs)} to ${time(report.untilMs)} UTC`;
  const lines = [...wrap(title, options.columns, "  "), ""];
  for (let from = 0; from < names.length; from += perBlock) {
    lines.push(...block(report, names.slice(from, from + perBlock), options), "");
  }
  if (names.length > 1) {
    const key = `${BEST} best; a difference counts as real only where it is said below`;
    lines.push(...wrap(key, options.columns, "  "));
  }
  const sources = report.nodes.filter((node) => node.earnings_source !== null);
  if (sources.length > 0 && Object.hasOwn(report.rankings, "total_earnings")) {
    const parts = sources.map((node) => {
      const told = [
        node.earnings_api_usd === null ? "" : `API this month $${node.earnings_api_usd.toFixed(2)}`,
        node.earnings_model_usd === null ? "" : `model for the window $${node.earnings_model_usd.toFixed(2)}`,
      ];
      return `${node.node_name} ${told.filter((part) => part !== "").join(", ")}`;
    });
    lines.push(...wrap(`earnings: ${parts.join("; ")}`, options.columns, "  "));
  }
  for (const node of report.nodes) {
    if (node.error !== null) lines.push(...wrap(`! ${node.node_name}: ${node.error}`, options.columns, "  "));
    else if (node.metrics.total_operations === 0 && node.newest_line !== null) {
      lines.push(
        ...wrap(
          `! ${node.node_name}: nothing in the window; its newest line is of ${node.newest_line}`,
          options.columns,
          "  ",
        ),
      );
    }
  }
  const real = report.verdicts.filter((verdict) => verdict.significant);
  for (const verdict of real) {
    lines.push(...wrap(`• ${verdict.text}`, options.columns, "  "));
    const why = report.why.find(
      (entry) =>
        entry.worse === verdict.worse && entry.better === verdict.better && entry.metric === verdict.metric,
    );
    const first = why?.contributions[0];
    if (first !== undefined) {
      const unit = metricNamed(verdict.metric).unit === "ms" ? " ms" : " points";
      const amount = `${first.contribution.toFixed(1).replace("-", "−")}${unit}`;
      lines.push(...wrap(`  mostly ${first.dimension} ${first.group} (${amount})`, options.columns, "    "));
    }
  }
  if (report.verdicts.length > 0 && real.length === 0) lines.push("• no real difference");
  for (const caveat of report.caveats) lines.push(...wrap(`note: ${caveat.text}`, options.columns, "  "));
  return lines.join("\n");
}
