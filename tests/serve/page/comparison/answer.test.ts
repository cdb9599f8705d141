import { expect, test } from "bun:test";
import { METRICS } from "../../../../src/nodes/compare/registry.ts";
import { type Verdict, verdictText } from "../../../../src/nodes/compare/judge/verdict.ts";
import { compareJson } from "../../../../src/render/compare/report.ts";
import { compareCsv } from "../../../../src/render/compare/text.ts";
import type { ComparisonAnswer, MetricTold } from "../../../../src/serve/page/api.ts";
import { csvOf } from "../../../../src/serve/page/comparison/csv.ts";
import { seenFrom, seenText, subjectOf } from "../../../../src/serve/page/comparison/seen.ts";
import { sentencesOf } from "../../../../src/serve/page/comparison/sentences.ts";
import { compareReport, nodeResult } from "../../../support/nodes/comparison.ts";

const TOLD: readonly MetricTold[] = METRICS.map(({ name, label, unit, lowerIsBetter }) => ({
  name,
  label,
  unit,
  lower_is_better: lowerIsBetter,
}));
const labelOf = (name: string): string => TOLD.find((metric) => metric.name === name)?.label ?? name;

function verdict(told: Partial<Verdict> & Pick<Verdict, "metric">): Verdict {
  const whole: Omit<Verdict, "text"> = {
    type: "real_difference",
    better: "attic",
    worse: "shed",
    nodes: ["attic", "shed"],
    difference: 108.4,
    interval: [101.2, 115.7],
    significant: true,
    hours: 168,
    missing_hours: null,
    ...told,
  };
  return { ...whole, text: verdictText(whole) };
}

const LATENCIES = (
  ["avg_latency_p50", "avg_latency_p95", "avg_latency_p99", "avg_latency_mean"] as const
).map((metric) => verdict({ metric }));
const FEWER = verdict({ metric: "success_rate_download", difference: -3.4, interval: [-3.9, -2.8] });
const ALIKE = verdict({
  metric: "success_rate_audit",
  type: "no_real_difference",
  better: null,
  worse: null,
  significant: false,
  difference: 0.1,
  interval: [-0.5, 0.5],
});
const EARLY = verdict({
  metric: "success_rate_upload",
  type: "too_early",
  better: null,
  worse: null,
  significant: false,
  interval: null,
  missing_hours: 31,
});

function answer(told: Partial<ComparisonAnswer>): ComparisonAnswer {
  const nodes = [nodeResult("attic", {}), nodeResult("shed", {})];
  // The same JSON that the API sends.
  return { ...(compareJson(compareReport({ nodes })) as ComparisonAnswer), ...told };
}

test("four latencies that differ are one sentence; what is alike and what is early follow", () => {
  const why: ComparisonAnswer["why"] = [
    { metric: "avg_latency_mean", worse: "shed", better: "attic", contributions: [], mostly: null },
  ];
  const told = sentencesOf(answer({ verdicts: [FEWER, ...LATENCIES, ALIKE, EARLY], why }), labelOf);
  expect(told).toEqual([
    { type: "real", text: "shed serves fewer of its downloads (−3.4 points, −3.9 to −2.8)." },
    { type: "real", text: "shed is slower (p50 +108%, p95 +108%, p99 +108%, mean +108%). Evenly spread." },
    { type: "alike", text: "No real difference in anything else." },
    { type: "early", text: "Too early to tell (needs about 31 more hours): upload success." },
  ]);
  expect(sentencesOf(answer({ verdicts: [ALIKE] }), labelOf)).toEqual([
    { type: "alike", text: "No real difference." },
  ]);
});

test("brackets in a node's name are its own", () => {
  const named = verdict({ metric: "avg_latency_p50", worse: "shed (old)", nodes: ["attic", "shed (old)"] });
  expect(sentencesOf(answer({ verdicts: [named] }), labelOf)).toEqual([
    { type: "real", text: "shed (old) is slower (p50 +108%, +101% to +116%)." },
  ]);
});

const SHARE = { unit: "percent" } as const;

test("all differences of a pair are seen from the node that is worse in most of them", () => {
  expect(subjectOf(answer({ verdicts: [FEWER, ...LATENCIES, ALIKE] }))).toBe("shed");
  expect(seenFrom(FEWER, "shed", SHARE)).toEqual({ value: -3.4, interval: [-3.9, -2.8] });
  expect(seenFrom(ALIKE, "shed", SHARE)).toEqual({ value: -0.1, interval: [-0.5, 0.5] });
  const slower = seenFrom(verdict({ metric: "avg_latency_p50", difference: 100, interval: null }), "attic", {
    unit: "ms",
  });
  expect(slower).toEqual({ value: -50, interval: null });
});

test("a difference is written with its interval, or with what is missing", () => {
  const written = (one: Verdict): string => seenText(seenFrom(one, "shed", SHARE), one, SHARE);
  expect([FEWER, ALIKE, EARLY].map(written)).toEqual([
    "−3.4 points (−3.9 to −2.8)",
    "no real difference: −0.1 points (−0.5 to +0.5)",
    "too early to tell: needs about 31 more hours",
  ]);
});

test("the page's CSV is what compare --format csv prints", () => {
  const report = compareReport({
    nodes: [
      nodeResult('a "b", c', { success_rate_download: 97.5, total_operations: 10 }),
      nodeResult(
        "shed",
        { success_rate_download: 93.25, total_operations: 10, avg_latency_p50: 12 },
        { intervals: { success_rate_download: [93, 93.5], avg_latency_p50: null } },
      ),
    ],
    rankings: { success_rate_download: ['a "b", c', "shed"], total_operations: ['a "b", c', "shed"] },
  });
  expect(csvOf(compareJson(report) as ComparisonAnswer, TOLD)).toBe(compareCsv(report));
});
