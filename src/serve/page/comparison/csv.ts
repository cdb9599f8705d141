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
  const head = nodes.flatMap(({ node_name: name }) => [name, `${name} low`, `${name} high`]);
  const rows = metrics.map(({ name }) => [
    name,
    ...nodes.flatMap(({ metrics: values, intervals }) => {
      const [low = null, high = null] = intervals[name] ?? [];
      return [values[name], low, high].map((value) => (value === null ? "" : String(value)));
    }),
    bestOf(answer, name),
  ]);
  return [["metric", ...head, "best"], ...rows].map((row) => row.map(field).join(",")).join("\n");
}
