import { expect, test } from "bun:test";
import fc from "fast-check";
import { hourGrid, hourlySeries } from "../../../../src/nodes/compare/judge/hourly-series.ts";
import { METRICS } from "../../../../src/nodes/compare/registry.ts";
import { measured, ONE_DAY, type PlainHour } from "../../../support/nodes/node-data.ts";

const ASKED = METRICS.flatMap(({ name, question }) => (question === null ? [] : [{ name, question }]));

function seriesOf(hours: readonly PlainHour[]): Map<string, ReturnType<typeof hourlySeries>[number]> {
  const found = hourlySeries(
    ASKED.map(({ question }) => question),
    measured(hours),
    hourGrid(ONE_DAY),
  );
  return new Map(ASKED.map(({ name }, index) => [name, found[index] ?? null]));
}

function sum(values: Float64Array): number {
  return values.reduce((all, value) => all + value, 0);
}

test("hours pull a share by their own operations", () => {
  const download = seriesOf([
    { hour: 2, operations: [{ action: "GET", count: 10 }] },
    {
      hour: 5,
      operations: [
        { action: "GET", count: 6 },
        { action: "GET", outcome: "failed", count: 4 },
      ],
    },
    { hour: 7, operations: [] },
  ]).get("success_rate_download");
  expect(download?.value).toBe(0.8);
  expect([download?.weight[2], download?.weight[5], download?.weight[7]]).toEqual([10, 10, 0]);
  expect(download?.pull[2]).toBeCloseTo(2, 12);
  expect(download?.pull[5]).toBeCloseTo(-2, 12);
  expect(download?.covered.reduce((all, is) => all + is, 0)).toBe(3);
});

test("two medians that a log rounds to 2 and 3 ms are as near as they are", () => {
  const at = (below: number): number =>
    seriesOf([
      {
        hour: 0,
        operations: [
          { action: "GET", count: 1_000 - below, durationMs: 3 },
          { action: "GET", count: below, durationMs: 2 },
        ],
      },
    ]).get("avg_latency_p50")?.value ?? Number.NaN;
  expect(Math.exp(at(501) - at(499))).toBeGreaterThan(0.99);
  expect(Math.exp(at(501))).toBeCloseTo(2.5, 1);
});

test("a quantile with fewer than twenty operations beyond it is not judged", () => {
  const of = (count: number): unknown => {
    const operations = [
      { action: "GET" as const, count: count / 2, durationMs: 100 },
      { action: "GET" as const, count: count / 2, durationMs: 300 },
    ];
    return seriesOf([{ hour: 0, operations }]).get("avg_latency_p95");
  };
  expect(of(398)).toBeNull();
  expect(of(400)).not.toBeNull();
});

test("whole seconds answer for the mean alone", () => {
  const found = seriesOf([
    { hour: 0, operations: [{ action: "GET", count: 5_000, durationMs: 1_000, coarse: true }] },
  ]);
  expect(found.get("avg_latency_p50")).toBeNull();
  expect(found.get("avg_latency_mean")?.value).toBeCloseTo(Math.log(1_000), 12);
});

test("every metric's pulls add up to nothing", () => {
  const operations = fc.record({
    action: fc.constantFrom("GET" as const, "PUT" as const, "GET_AUDIT" as const),
    outcome: fc.constantFrom("success" as const, "canceled" as const, "failed" as const),
    count: fc.integer({ min: 1, max: 400 }),
    durationMs: fc.integer({ min: 0, max: 5_000 }),
  });
  const hours = fc.uniqueArray(
    fc.record({ hour: fc.integer({ min: 0, max: 23 }), operations: fc.array(operations, { maxLength: 4 }) }),
    { selector: ({ hour }) => hour, maxLength: 24 },
  );
  fc.assert(
    fc.property(hours, (asked) => {
      const ordered = asked.toSorted((a, b) => a.hour - b.hour);
      for (const series of seriesOf(ordered).values()) {
        if (series === null) continue;
        const scale = sum(series.pull.map(Math.abs)) + sum(series.weight);
        expect(Math.abs(sum(series.pull)) / scale).toBeLessThan(1e-9);
        expect(sum(series.weight)).toBeGreaterThan(0);
      }
    }),
    { numRuns: 60 },
  );
});
