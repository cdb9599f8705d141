import type { ComparisonType } from "./options.ts";
import { METRICS, type MetricName, type Metrics } from "./registry.ts";

/**
 * The names, best first; null values last; ties in the order of the given names. A metric that cannot be compared
 * fairly has an empty ranking.
 */
export function rankings(
  nodes: readonly { readonly node_name: string; readonly metrics: Metrics }[],
  type: ComparisonType,
  unfair: ReadonlySet<MetricName>,
): Readonly<Record<string, readonly string[]>> {
  const order: Record<string, readonly string[]> = {};
  for (const { name, types, ranked, lowerIsBetter } of METRICS) {
    if (!ranked || !types.includes(type)) continue;
    const sign = lowerIsBetter ? 1 : -1;
    order[name] = unfair.has(name)
      ? []
      : nodes
          .toSorted((a, b) => {
            const left = a.metrics[name];
            const right = b.metrics[name];
            if (left === null || right === null) return Number(left === null) - Number(right === null);
            return (left - right) * sign;
          })
          .map((node) => node.node_name);
  }
  return order;
}
