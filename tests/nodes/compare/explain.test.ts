import { expect, test } from "bun:test";
import type { WhyInput } from "../../../src/nodes/compare/decomposition.ts";
import { explain } from "../../../src/nodes/compare/explain.ts";
import type { Verdict } from "../../../src/nodes/compare/judge/verdict.ts";
import { nodeData, type PlainHour } from "../../support/nodes/node-data.ts";

const VERDICT: Verdict = {
  type: "real_difference",
  metric: "success_rate_download",
  better: "fleet median",
  worse: "bad",
  nodes: ["bad", "fleet median"],
  difference: -5,
  interval: [-6, -4],
  significant: true,
  hours: 168,
  missing_hours: null,
  text: "",
};

/** 1,000 downloads on each of two satellites, of which so many fail. */
function input(failed: readonly [number, number]): WhyInput {
  const operations = failed.flatMap((count, index) => [
    { action: "GET" as const, count: 1_000 - count, satellite: index + 1, sizeBytes: 5_000 },
    { action: "GET" as const, outcome: "failed" as const, count, satellite: index + 1, sizeBytes: 5_000 },
  ]);
  const hours: PlainHour[] = [
    { hour: 1, operations },
    { hour: 2, operations },
  ];
  const { cells, hours: stats } = nodeData(hours);
  return { cells, hours: stats, satelliteName: (id) => (id === 1 ? "us1" : "eu1") };
}

test("a fleet's member is explained against all the others together", () => {
  const inputs = new Map([
    ["bad", input([100, 0])],
    ["good", input([0, 0])],
    ["fair", input([0, 0])],
  ]);
  const [why, ...more] = explain([VERDICT], inputs);
  expect(more).toEqual([]);
  expect(why).toMatchObject({ metric: "success_rate_download", worse: "bad", better: "fleet median" });
  expect(why?.mostly).toMatchObject({
    dimension: "satellite",
    group: "us1",
    contribution: -5,
    share_percent: 50,
  });
});

test("failures alike everywhere are spread evenly", () => {
  const inputs = new Map([
    ["bad", input([50, 50])],
    ["good", input([0, 0])],
  ]);
  const [why] = explain([{ ...VERDICT, better: "good" }], inputs);
  expect(why?.mostly).toBeNull();
  expect(why?.contributions.length).toBeGreaterThan(0);
});

test("one node that is better than its fleet is explained the other way round", () => {
  const inputs = new Map([
    ["good", input([0, 0])],
    ["a", input([100, 0])],
    ["b", input([100, 0])],
  ]);
  const [why] = explain([{ ...VERDICT, worse: "fleet median", better: "good" }], inputs);
  expect(why?.mostly).toMatchObject({ group: "us1", contribution: -5 });
});

test("what is no real difference is not explained, and latencies are explained once", () => {
  expect(explain([{ ...VERDICT, significant: false, worse: null, better: null }], new Map())).toEqual([]);
  const inputs = new Map([
    ["bad", input([0, 0])],
    ["good", input([0, 0])],
  ]);
  const slow = { ...VERDICT, better: "good" };
  const told = explain(
    [
      { ...slow, metric: "avg_latency_p50" },
      { ...slow, metric: "avg_latency_p95" },
    ],
    inputs,
  );
  expect(told.map(({ metric }) => metric)).toEqual(["avg_latency_mean"]);
});
