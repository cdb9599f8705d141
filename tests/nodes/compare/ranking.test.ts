import { expect, test } from "bun:test";
import fc from "fast-check";
import { METRICS, type MetricName, noMetrics } from "../../../src/nodes/compare/registry.ts";
import { rankings } from "../../../src/nodes/compare/ranking.ts";

const FAIR: ReadonlySet<MetricName> = new Set();

function node(
  node_name: string,
  values: Partial<Record<MetricName, number>>,
): {
  node_name: string;
  metrics: Record<MetricName, number | null>;
} {
  return { node_name, metrics: { ...noMetrics(), ...values } };
}

test("best first: the highest, but for latencies and canceled shares the lowest", () => {
  const ranked = rankings(
    [
      node("a", { success_rate_download: 97, avg_latency_p95: 300, canceled_rate_upload: 2 }),
      node("b", { success_rate_download: 99, avg_latency_p95: 200, canceled_rate_upload: 1 }),
    ],
    "overall",
    FAIR,
  );
  expect(ranked["success_rate_download"]).toEqual(["b", "a"]);
  expect(ranked["avg_latency_p95"]).toEqual(["b", "a"]);
  expect(ranked["canceled_rate_upload"]).toEqual(["b", "a"]);
});

test("each type ranks its own metrics, and nothing ranks what tells about the log", () => {
  const names = (type: "performance" | "earnings" | "efficiency" | "overall"): string[] =>
    Object.keys(rankings([node("a", {})], type, FAIR));
  expect(names("earnings")).toEqual(["total_earnings", "earnings_per_tb"]);
  expect(names("efficiency")).toEqual([
    "earnings_per_tb",
    "storage_utilization",
    "storage_efficiency",
    "avg_audit_score",
    "avg_suspension_score",
    "avg_online_score",
  ]);
  expect(names("performance")).toHaveLength(16);
  expect(names("overall")).toHaveLength(METRICS.length - 5);
});

test("what is unfair to compare is ranked empty", () => {
  const ranked = rankings(
    [node("a", { uploads: 1 }), node("b", { uploads: 2 })],
    "overall",
    new Set(["uploads"]),
  );
  expect(ranked["uploads"]).toEqual([]);
});

test("every ranking is a permutation, ordered, null last, ties as given", () => {
  const value = fc.option(fc.integer({ min: 0, max: 3 }), { nil: null });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(...METRICS),
      (values, told) => {
        const nodes = values.map((each, index) => ({
          node_name: `n${index}`,
          metrics: { ...noMetrics(), [told.name]: each },
        }));
        const order = rankings(nodes, "overall", FAIR)[told.name];
        if (!told.ranked || !told.types.includes("overall")) expect(order).toBeUndefined();
        else {
          const key = (index: number): number => {
            const each = values[index] ?? null;
            if (each === null) return Infinity;
            return told.lowerIsBetter ? each : -each;
          };
          const expected = values
            .map((_, index) => index)
            .toSorted((a, b) => (key(a) === key(b) ? a - b : key(a) - key(b)))
            .map((index) => `n${index}`);
          expect(order).toEqual(expected);
        }
      },
    ),
  );
});
