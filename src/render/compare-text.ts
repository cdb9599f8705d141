import { METRICS } from "../nodes/compare/registry.ts";
import { bestNodes, type CompareReport } from "./compare.ts";
import { formatMetric } from "./compare-format.ts";

/** RFC 4180: quoted where a comma, a quote or a line break asks for it. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One row a metric, one column a node; unrounded, empty where not known. Intervals stand beside their values. */
export function compareCsv(report: CompareReport): string {
  const header = [
    "metric",
    ...report.nodes.flatMap(({ node_name }) => [node_name, `${node_name} low`, `${node_name} high`]),
    "best",
  ];
  const rows = METRICS.map(({ name: metric }) => [
    metric,
    ...report.nodes.flatMap(({ metrics, intervals }) => {
      const [low = null, high = null] = intervals[metric] ?? [];
      return [metrics[metric], low, high].map((value) => (value === null ? "" : String(value)));
    }),
    bestNodes(report, metric)[0] ?? "",
  ]);
  return [header, ...rows].map((row) => row.map(csvField).join(",")).join("\n");
}

function markdownCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

export function compareMarkdown(report: CompareReport): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(" | ")} |`;
  const lines = [
    `**${report.type}**, ${report.timeRange}: ${new Date(report.sinceMs).toISOString()} to ${new Date(report.untilMs).toISOString()}`,
    "",
    row(["metric", ...report.nodes.map((node) => node.node_name)]),
    row(["---", ...report.nodes.map(() => "---:")]),
  ];
  for (const { name: metric, label } of METRICS) {
    const best = bestNodes(report, metric);
    const cells = report.nodes.map(({ node_name, metrics }) => {
      const text = formatMetric(metric, metrics);
      return best.includes(node_name) ? `**${text}**` : text;
    });
    lines.push(row([label, ...cells]));
  }
  const said = [
    ...report.verdicts.filter((verdict) => verdict.significant).map((verdict) => verdict.text),
    ...report.caveats.map((caveat) => `note: ${caveat.text}`),
    ...report.nodes
      .filter((node) => node.error !== null)
      .map((node) => `${node.node_name}: ${node.error ?? ""}`),
  ];
  const points = said.length === 0 ? ["no real difference"] : said;
  return [...lines, "", ...points.map((text) => `- ${text}`)].join("\n");
}
