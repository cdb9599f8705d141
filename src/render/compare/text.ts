import { escapeText } from "../../lib/format/escape.ts";
import { METRICS } from "../../nodes/compare/registry.ts";
import { bestNodes, type CompareReport, isReallyBetter } from "./report.ts";
import { formatMetric } from "./format.ts";
import { noteSentences, troubleSentences, verdictSentences } from "./sentences.ts";

/** RFC 4180: quoted if it contains a comma, a quote or a line break. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * One row per metric: a column per node and the best node, then the ends of each node's interval. Unrounded, empty if
 * unknown.
 */
export function compareCsv(report: CompareReport): string {
  const { nodes } = report;
  const header = [
    "metric",
    ...nodes.map(({ node_name }) => node_name),
    "best",
    ...nodes.flatMap(({ node_name }) => [`${node_name} low`, `${node_name} high`]),
  ];
  const number = (value: number | null): string => (value === null ? "" : String(value));
  const rows = METRICS.map(({ name: metric }) => [
    metric,
    ...nodes.map(({ metrics }) => number(metrics[metric])),
    bestNodes(report, metric)[0] ?? "",
    ...nodes.flatMap(({ intervals }) => (intervals[metric] ?? [null, null]).map(number)),
  ]);
  return [header, ...rows].map((row) => row.map(csvField).join(",")).join("\n");
}

/** Names come from outside: no bar, markup or control character in them may take effect. */
function markdownText(text: string): string {
  return escapeText(text).replaceAll(/[\\|*_`<>[\]]/g, (character) => `\\${character}`);
}

export function compareMarkdown(report: CompareReport): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const lines = [
    `**${report.type}**, ${report.timeRange}: ${new Date(report.sinceMs).toISOString()} to ${new Date(report.untilMs).toISOString()}`,
    "",
    ...[
      ...troubleSentences(report),
      ...verdictSentences(report).map(({ text, why }) => (why === null ? text : `${text}: ${why}`)),
    ].map((text) => `- ${markdownText(text)}`),
    "",
    row(["metric", ...report.nodes.map(({ node_name }) => markdownText(node_name))]),
    row(["---", ...report.nodes.map(() => "---:")]),
  ];
  for (const { name: metric, label } of METRICS) {
    const cells = report.nodes.map(({ node_name, metrics }) => {
      const text = markdownText(formatMetric(metric, metrics));
      return isReallyBetter(report, metric, node_name) ? `**${text}**` : text;
    });
    lines.push(row([label, ...cells]));
  }
  const notes = noteSentences(report).map((text) => `- note: ${markdownText(text)}`);
  return [...lines, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}
