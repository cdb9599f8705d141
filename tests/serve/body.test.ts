import { expect, test } from "bun:test";
import type { z } from "zod";
import { reasonOf } from "../../src/serve/body.ts";
import { comparisonBody, historyQuery, rangeQuery, socketMessage } from "../../src/serve/schemas.ts";

function refused(schema: z.ZodType, value: unknown): string | null {
  const parsed = schema.safeParse(value);
  return parsed.success ? null : reasonOf(parsed.error);
}

test("a request that does not fit is told what was expected where, in the form that it was meant in", () => {
  const ranges = 'expected hours (24), or "24h", "7d", "30d", up to 366 days';
  for (const [body, reason] of [
    [{ nodes: ["a", "b"], timeRange: "7d" }, null],
    [{ node_names: ["a", "b"], time_range: 24, comparison_type: "overall" }, null],
    ["x", "expected an object"],
    [{}, "nodes: expected a list"],
    [{ nodes: "a" }, "nodes: expected a list"],
    [{ nodes: ["a", 5] }, "nodes.1: expected text"],
    [{ nodes: ["a", ""] }, "nodes.1: expected 1 or more characters"],
    [{ nodes: ["a"] }, "nodes: expected two nodes or more"],
    [{ nodes: ["a", "a"] }, "nodes: a node is named twice"],
    [{ nodes: ["a", "b"], timeRange: "1y" }, `timeRange: ${ranges}`],
    [{ nodes: ["a", "b"], time_range: 24 }, 'unknown key "time_range"'],
    [{ node_names: ["a", "b"], time_range: -1 }, `time_range: ${ranges}`],
    [
      { node_names: ["a", "b"], comparison_type: "x" },
      "comparison_type: expected one of performance, earnings, efficiency, overall",
    ],
  ] as const)
    expect([body, refused(comparisonBody, body)]).toEqual([body, reason]);
});

test("queries and messages likewise", () => {
  expect(refused(rangeQuery, { hours: "x" })).toBe("hours: expected a number");
  expect(refused(rangeQuery, { hours: "0" })).toBe("hours: expected 1 or more");
  expect(refused(historyQuery, { limit: "1.5" })).toBe("limit: expected a whole number");
  expect(refused(historyQuery, { limit: "900" })).toBe("limit: expected 200 or less");
  expect(refused(socketMessage, { type: "x" })).toBe("type: expected one of get_comparison_data, ping");
  expect(refused(socketMessage, { type: "get_comparison_data" })).toBe("node_names: expected a list");
});
