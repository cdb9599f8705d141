import { escapeText } from "../../lib/format/escape.ts";
import { sparkline } from "../../lib/format/sparkline.ts";
import { fit, wrap } from "../../lib/format/wrap.ts";
import { METRICS, type MetricName } from "../../nodes/compare/registry.ts";
import { type CompareReport, isReallyBetter } from "./report.ts";
import { formatMetric } from "./format.ts";
import { noteSentences, troubleSentences, verdictSentences } from "./sentences.ts";

type Node = CompareReport["nodes"][number];

const LABEL_WIDTH = 19;
const NAME_WIDTH = 20;
const MIN_COLUMN = 13;
/** Up to this many nodes are columns; more nodes are rows. */
const MOST_COLUMNS = 3;
const BETTER = "*";
const WORSE = "!";

export interface TableOptions {
  readonly columns: number;
  readonly color: boolean;
}

/** A row of the table: a metric, or a trend over the window. */
interface Line {
  readonly label: string;
  readonly cell: (node: Node) => string;
  readonly mark: (node: Node) => string;
}

function pad(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - Bun.stringWidth(text))) + text;
}

/** `*` if a verdict says that the node is really better, `!` if it is worse than its fleet. */
function markOf(report: CompareReport, metric: MetricName, { node_name }: Node): string {
  const real = report.verdicts.filter((verdict) => verdict.significant && verdict.metric === metric);
  if (real.some(({ worse }) => worse === node_name)) return report.nodes.length > 2 ? WORSE : " ";
  return isReallyBetter(report, metric, node_name) ? BETTER : " ";
}

function linesOf(report: CompareReport): Line[] {
  const metrics = METRICS.filter(
    ({ name, types }) =>
      types.some((type) => type === report.type) &&
      report.nodes.some((node) => formatMetric(name, node.metrics) !== "—"),
  ).map(({ name, label }) => ({
    label,
    cell: (node: Node) => formatMetric(name, node.metrics),
    mark: (node: Node) => markOf(report, name, node),
  }));
  const trends = (
    [
      ["success over time", "success_rate_download"],
      ["latency over time", "avg_latency_mean"],
      ["load over time", "total_operations"],
    ] as const
  )
    .filter(([, metric]) => report.nodes.some(({ trend }) => trend[metric].some((value) => value !== null)))
    .map(([label, metric]) => ({
      label,
      cell: ({ trend }: Node) => sparkline(trend[metric]),
      mark: () => " ",
    }));
  return [...metrics, ...trends];
}

function colored(cell: string, mark: string, color: boolean): string {
  if (!color || mark === " ") return cell;
  return `\u001B[1;${mark === BETTER ? 32 : 31}m${cell}\u001B[22;39m`;
}

/** Few nodes: nodes are columns, metrics are rows. */
function nodesAsColumns(nodes: readonly Node[], lines: readonly Line[], options: TableOptions): string[] {
  const width = Math.floor((options.columns - LABEL_WIDTH) / nodes.length);
  const head = nodes.map(({ node_name }) => pad(fit(escapeText(node_name), width - 2), width - 1) + " ");
  const rows = lines.map(({ label, cell, mark }) => {
    const cells = nodes.map((node) => {
      const sign = mark(node);
      return colored(pad(fit(cell(node), width - 2), width - 1) + sign, sign, options.color);
    });
    return label.padEnd(LABEL_WIDTH) + cells.join("");
  });
  return [" ".repeat(LABEL_WIDTH) + head.join(""), ...rows].map((line) => line.trimEnd());
}

/** A label on two lines, broken at its last space. */
function twoLines(label: string): readonly [string, string] {
  const at = label.lastIndexOf(" ");
  return at < 0 ? ["", label] : [label.slice(0, at), label.slice(at + 1)];
}

/** Many nodes: one per row, with as many metrics side by side as fit and the others in further tables below. */
function nodesAsRows(nodes: readonly Node[], lines: readonly Line[], options: TableOptions): string[] {
  const names = nodes.map(({ node_name }) => fit(escapeText(node_name), NAME_WIDTH));
  const nameWidth = Math.max(...names.map((name) => Bun.stringWidth(name)));
  const columns = lines.map((line) => {
    const heads = twoLines(line.label);
    const cells = nodes.map((node) => line.cell(node));
    const width = Math.max(...[...heads, ...cells].map((text) => Bun.stringWidth(text)));
    return { ...line, heads, cells, width: width + 3 };
  });
  const blocks: (typeof columns)[] = [];
  let room = 0;
  for (const column of columns) {
    if (blocks.length === 0 || column.width > room) {
      blocks.push([]);
      room = options.columns - nameWidth;
    }
    blocks.at(-1)?.push(column);
    room -= column.width;
  }
  return blocks.flatMap((block, index) => {
    const head = ([0, 1] as const).map(
      (at) =>
        " ".repeat(nameWidth) + block.map(({ heads, width }) => pad(heads[at], width - 1) + " ").join(""),
    );
    const rows = names.map((name, row) => {
      const node = nodes[row];
      const cells = block.map(({ cells: texts, mark, width }) => {
        const sign = node === undefined ? " " : mark(node);
        return colored(pad(texts[row] ?? "", width - 1) + sign, sign, options.color);
      });
      return name + " ".repeat(nameWidth - Bun.stringWidth(name)) + cells.join("");
    });
    return [...(index === 0 ? [] : [""]), ...head, ...rows].map((line) => line.trimEnd());
  });
}

/** Audit, suspension and online score of every node on every satellite in its log, in percent. */
function scoreLines(report: CompareReport): Line[] {
  if (!Object.hasOwn(report.rankings, "avg_audit_score")) return [];
  const satellites = new Set(report.nodes.flatMap(({ scores }) => scores.map(({ satellite }) => satellite)));
  const percent = (value: number | null): string => (value === null ? "—" : String(Number(value.toFixed(1))));
  return [...satellites].toSorted().map((satellite) => ({
    label: escapeText(satellite),
    cell: ({ scores }) => {
      const own = scores.find((score) => score.satellite === satellite);
      if (own === undefined) return "—";
      return [own.audit_percent, own.suspension_percent, own.online_percent].map(percent).join("/");
    },
    mark: () => " ",
  }));
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

/** The comparison for a terminal: the verdict, then the figures, then notes on them. */
export function compareTable(report: CompareReport, options: TableOptions): string {
  const { nodes } = report;
  const sentence = (text: string, first: string, indent: string): string[] =>
    wrap(`${first}${escapeText(text)}`, options.columns, indent);
  const lines = wrap(
    `${report.type}, ${report.timeRange}: ${time(report.sinceMs)} to ${time(report.untilMs)} UTC`,
    options.columns,
    "  ",
  );
  lines.push("");
  const trouble = troubleSentences(report);
  for (const text of trouble) lines.push(...sentence(text, "! ", "  "));
  const said = verdictSentences(report);
  for (const { text, why } of said) {
    lines.push(...sentence(text, "• ", "  "));
    if (why !== null) lines.push(...wrap(escapeText(why), options.columns - 2).map((line) => `  ${line}`));
  }
  if (trouble.length + said.length > 0) lines.push("");
  const fits = LABEL_WIDTH + nodes.length * MIN_COLUMN <= options.columns;
  const draw = nodes.length <= MOST_COLUMNS && fits ? nodesAsColumns : nodesAsRows;
  lines.push(...draw(nodes, linesOf(report), options), "");
  const scores = scoreLines(report);
  if (scores.length > 0) {
    lines.push(
      ...sentence("audit/suspension/online score by satellite, in percent", "", "  "),
      ...draw(nodes, scores, options),
      "",
    );
  }
  const marks = [...nodes].flatMap((node) => METRICS.map(({ name }) => markOf(report, name, node)));
  const key = [
    ...(marks.includes(BETTER) ? [`${BETTER} really better`] : []),
    ...(marks.includes(WORSE) ? [`${WORSE} really worse`] : []),
  ];
  if (key.length > 0) lines.push(key.join(", "));
  for (const text of noteSentences(report)) lines.push(...sentence(text, "note: ", "  "));
  while (lines.at(-1) === "") lines.pop();
  return lines.join("\n");
}
