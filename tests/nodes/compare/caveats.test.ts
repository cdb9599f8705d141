import { expect, test } from "bun:test";
import { type CaveatInput, caveatsOf } from "../../../src/nodes/compare/caveats.ts";
import { type MetricName, noMetrics } from "../../../src/nodes/compare/registry.ts";

function input(
  name: string,
  differs: {
    level?: "debug" | "info" | "error" | null;
    hasDurations?: boolean;
    importedHours?: number;
    hours?: readonly number[];
  } = {},
  values: Partial<Record<MetricName, number>> = {},
): CaveatInput {
  const { level = "debug", hasDurations = true, importedHours = 0, hours = [1, 2] } = differs;
  return {
    name,
    nature: { level, hasDurations, importedHours },
    earnings: { source: "model", modelHasStorage: true, apiUsd: null },
    hours,
    disqualified: null,
    suspended: null,
    metrics: {
      ...noMetrics(),
      total_operations: 100,
      coverage_percent: 100,
      latency_resolution_ms: 1,
      ...values,
    },
  };
}

test("alike logs need no word", () => {
  expect(caveatsOf([input("a"), input("b")])).toEqual([]);
  expect(caveatsOf([])).toEqual([]);
});

test("INFO beside DEBUG makes upload rates unfair; INFO alone only flatters them", () => {
  const [mixed] = caveatsOf([input("a", { level: "info" }), input("b")]);
  expect(mixed).toMatchObject({
    metrics: ["success_rate_upload", "canceled_rate_upload"],
    nodes: ["a"],
    unfair: true,
  });
  const [alike] = caveatsOf([input("a", { level: "info" }), input("b", { level: "info" })]);
  expect(alike).toMatchObject({ nodes: ["a", "b"], unfair: false });
});

test("a log without started lines tells no latency: unfair where another does", () => {
  const latencies: MetricName[] = [
    "avg_latency_p50",
    "avg_latency_p95",
    "avg_latency_p99",
    "avg_latency_mean",
  ];
  const [some] = caveatsOf([input("a", { hasDurations: false }), input("b")]);
  expect(some).toMatchObject({ metrics: latencies, nodes: ["a"], unfair: true });
  const [all] = caveatsOf([input("a", { hasDurations: false }), input("b", { hasDurations: false })]);
  expect(all).toMatchObject({ unfair: false });
});

test("whole seconds hide quantiles, not the mean", () => {
  const [coarse] = caveatsOf([input("a", {}, { latency_resolution_ms: 1_000 }), input("b")]);
  expect(coarse).toMatchObject({
    metrics: ["avg_latency_p50", "avg_latency_p95", "avg_latency_p99"],
    nodes: ["a"],
    unfair: true,
  });
});

test("sums are not ranked where coverages are more than ten points apart", () => {
  const covered = (percent: number): string[] =>
    caveatsOf([input("a"), input("b", {}, { coverage_percent: percent })]).flatMap(({ metrics }) => metrics);
  expect(covered(90)).toEqual([]);
  expect(covered(89)).toEqual([
    "total_operations",
    "downloads",
    "uploads",
    "audits",
    "repairs",
    "download_bytes",
    "upload_bytes",
  ]);
});

test("a node with nothing in the window is named, and makes no coverage unfair", () => {
  const silent = input(
    "b",
    { level: null, hasDurations: false },
    { total_operations: 0, coverage_percent: 0 },
  );
  expect(caveatsOf([input("a"), silent])).toEqual([
    { metrics: [], nodes: ["b"], unfair: false, text: "no operation of b in the window" },
  ]);
});

test("a log of errors only says so", () => {
  const [only] = caveatsOf([input("a", { level: "error" }), input("b", { level: "error" })]);
  expect(only?.text).toBe("the log of a, b has errors only: its rates are not known");
});

test("earnings with and without storage are not ranked against each other", () => {
  const without: CaveatInput = {
    ...input("b"),
    earnings: { source: "model", modelHasStorage: false, apiUsd: null },
  };
  expect(caveatsOf([input("a"), without])).toMatchObject([
    { metrics: ["total_earnings"], nodes: ["b"], unfair: true },
  ]);
  expect(caveatsOf([without, { ...without, name: "c" }])).toEqual([]);
});

test("one node's API figure makes nobody's earnings, and that is said", () => {
  const told: CaveatInput = {
    ...input("a"),
    earnings: { source: "model", modelHasStorage: true, apiUsd: 7 },
  };
  expect(caveatsOf([told, input("b")])).toMatchObject([{ metrics: [], nodes: ["b"], unfair: false }]);
});

test("who is disqualified or suspended is named", () => {
  const bad: CaveatInput = { ...input("a"), disqualified: 1, suspended: 2 };
  expect(caveatsOf([bad, input("b")]).map(({ text }) => text)).toEqual([
    "a is disqualified on 1 satellite and suspended on 2 satellites",
  ]);
});

test("hours from storj_monitor say what they cannot tell", () => {
  const [hours] = caveatsOf([input("a", { importedHours: 3 }), input("b")]);
  expect(hours).toMatchObject({ nodes: ["a"], unfair: false });
  expect(hours?.text).toContain("hours imported from storj_monitor (a 3)");
});

test("a node whose hours no other has is not judged, and that is said", () => {
  const nodes = [input("a"), input("b", { hours: [2, 3] }), input("c", { hours: [7] })];
  expect(caveatsOf(nodes)).toMatchObject([{ nodes: ["c"], unfair: false, metrics: [] }]);
  expect(caveatsOf(nodes.slice(0, 2))).toEqual([]);
  expect(caveatsOf([input("a", { hours: [1] }), input("b", { hours: [] })])).toMatchObject([
    { nodes: ["a"] },
  ]);
});
