import type { ComparisonAnswer, MetricTold } from "../api.ts";

/** A CSV field (RFC 4180): quoted if it contains a comma, a quote or a line break. */
function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The node with a metric's best value; "" if no value is known or all are equal. */
function bestOf({ nodes, rankings }: ComparisonAnswer, metric: MetricTold["name"]): string {
  const [first] = rankings[metric] ?? [];
  const values = new Map(nodes.map(({ node_name: name, metrics }) => [name, metrics[metric]]));
  const known = new Set([...values.values()].filter((value) => value !== null));
  if (first === undefined || known.size < 2) return "";
  const best = nodes.find(({ node_name: name }) => values.get(name) === values.get(first));
  return best?.node_name ?? "";
}

/** The same CSV as `nodupe compare --format csv`: one row per metric, unrounded, empty if a value is not known. */
export function csvOf(answer: ComparisonAnswer, metrics: readonly MetricTold[]): string {
  const { nodes } = answer;
  const names = nodes.map(({ node_name: name }) => name);
  const number = (value: number | null): string => (value === null ? "" : String(value));
  const rows = metrics.map(({ name }) => [
    name,
    ...nodes.map(({ metrics: values }) => number(values[name])),
    bestOf(answer, name),
    ...nodes.flatMap(({ intervals }) => (intervals[name] ?? [null, null]).map(number)),
  ]);
  const ends = names.flatMap((name) => [`${name} low`, `${name} high`]);
  return [["metric", ...names, "best", ...ends], ...rows].map((row) => row.map(field).join(",")).join("\n");
}
