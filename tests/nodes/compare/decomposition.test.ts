import { expect, test } from "bun:test";
import fc from "fast-check";
import { decompose, whyDifferent } from "../../../src/nodes/compare/decomposition.ts";
import { metricNamed } from "../../../src/nodes/compare/registry.ts";
import { shareOf } from "../../../src/nodes/compare/measure.ts";
import { nodeData, type PlainHour } from "../../support/nodes/node-data.ts";

const NAMES: Readonly<Record<number, string>> = { 1: "us1", 2: "eu1" };

function input(hours: readonly PlainHour[]): Parameters<typeof whyDifferent>[0][number] {
  const { cells, hours: stats } = nodeData(hours);
  return { cells, hours: stats, satelliteName: (id) => NAMES[id] ?? "unknown" };
}

const { question } = metricNamed("success_rate_download");
if (question?.type !== "share") throw new Error("Cannot test without the share of downloads");
const downloads = question;

test("the parts of every dimension add up to the difference, each of rate and mix", () => {
  const group = fc.record({
    sum: fc.integer({ min: 0, max: 1_000 }),
    count: fc.integer({ min: 1, max: 1_000 }),
  });
  const groups = fc.dictionary(fc.constantFrom("w", "x", "y", "z"), group, { minKeys: 1 });
  fc.assert(
    fc.property(groups, groups, (a, b) => {
      const mean = (all: typeof a): number => {
        const parts = Object.values(all);
        return (
          parts.reduce((sum, part) => sum + part.sum, 0) / parts.reduce((sum, part) => sum + part.count, 0)
        );
      };
      const parts = decompose(new Map(Object.entries(a)), new Map(Object.entries(b)));
      expect(parts.reduce((sum, part) => sum + part.contribution, 0)).toBeCloseTo(mean(a) - mean(b), 6);
      for (const part of parts) expect(part.contribution).toBeCloseTo(part.rate_effect + part.mix_effect, 9);
    }),
  );
});

test("one satellite's failures are told as that satellite's, in all of its dimensions", () => {
  const good = input([
    {
      hour: 3,
      operations: [
        { action: "GET", count: 500, satellite: 1, sizeBytes: 10_000 },
        { action: "GET", count: 500, satellite: 2, sizeBytes: 10_000 },
      ],
    },
  ]);
  const badHours: PlainHour[] = [
    {
      hour: 3,
      operations: [
        { action: "GET", count: 500, satellite: 1, sizeBytes: 10_000 },
        { action: "GET", count: 400, satellite: 2, sizeBytes: 10_000 },
        { action: "GET", outcome: "failed", count: 100, satellite: 2, sizeBytes: 10_000 },
      ],
    },
  ];
  const { difference, parts: why } = whyDifferent([input(badHours)], [good], downloads);
  expect(difference).toBeCloseTo(-10, 9);
  const top = (dimension: string): [string | undefined, number] => {
    const first = why.find((part) => part.dimension === dimension);
    return [first?.group, Number(first?.contribution.toFixed(6))];
  };
  expect(top("satellite")).toEqual(["eu1", -10]);
  expect(top("action")).toEqual(["GET", -10]);
  expect(top("size")).toEqual(["to 64K", -10]);
  expect(top("hour")).toEqual(["03:00 UTC", -10]);
  expect(shareOf(nodeData(badHours).hours, downloads.kind, downloads.outcome)).toBe(90);
});

test("the mean latency is taken apart too; untimed operations are no part of it", () => {
  const at = (durationMs: number): PlainHour[] => [
    {
      hour: 0,
      operations: [
        { action: "GET", count: 10, durationMs: 100 },
        { action: "PUT", count: 10, durationMs },
        { action: "GET_AUDIT", count: 50 },
      ],
    },
  ];
  const [first] = whyDifferent([input(at(300))], [input(at(100))], null).parts.filter(
    ({ dimension }) => dimension === "action",
  );
  expect([first?.group, first?.contribution]).toEqual(["PUT", 100]);
});

test("a group that one side lacks differs by its share alone", () => {
  const a = new Map([
    ["x", { sum: 50, count: 100 }],
    ["y", { sum: 90, count: 100 }],
  ]);
  const parts = decompose(a, new Map([["x", { sum: 50, count: 100 }]]));
  expect(parts.map(({ rate_effect }) => rate_effect)).toEqual([0, 0]);
});

test("nothing on one side explains nothing", () => {
  expect(decompose(new Map(), new Map([["x", { sum: 1, count: 1 }]]))).toEqual([]);
});
