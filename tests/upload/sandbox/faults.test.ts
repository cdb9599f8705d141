import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  drawFault,
  type FaultPlan,
  faultName,
  formatFaults,
  parseFaults,
} from "../../../src/upload/sandbox/faults.ts";

test("the documented example", () => {
  expect(parseFaults("500:0.05,429:0.02, reset:.01,lostack:0.01,html:0")).toEqual([
    { fault: { type: "status", status: 500 }, probability: 0.05 },
    { fault: { type: "status", status: 429 }, probability: 0.02 },
    { fault: { type: "reset" }, probability: 0.01 },
    { fault: { type: "lostack" }, probability: 0.01 },
    { fault: { type: "html" }, probability: 0 },
  ]);
  expect(parseFaults("")).toEqual([]);
});

test.each([
  "500",
  "500:",
  ":0.1",
  "500:1.1",
  "500:-0.1",
  "500:5%",
  "200:0.1",
  "600:0.1",
  "reset:0.5,500:0.6",
  "500:0.1,500:0.1",
  "500:0.1,",
  "rest:0.1",
  "500:1e-2",
  "500:NaN",
])("refused: %s", (text) => {
  expect(parseFaults(text)).toBeNull();
});

const plans: fc.Arbitrary<FaultPlan> = fc
  .uniqueArray(fc.constantFrom("400", "429", "500", "503", "599", "html", "reset", "lostack"), {
    maxLength: 8,
  })
  .chain((names) =>
    fc
      .array(fc.integer({ min: 0, max: 125 }), { minLength: names.length, maxLength: names.length })
      .map(
        (shares) =>
          parseFaults(names.map((name, index) => `${name}:${(shares[index] ?? 0) / 1_000}`).join(",")) ?? [],
      ),
  );

test("a plan reads back as it was written, and nothing throws", () => {
  fc.assert(fc.property(plans, (plan) => expect(parseFaults(formatFaults(plan))).toEqual(plan)));
  fc.assert(
    fc.property(fc.string(), (text) => {
      const plan = parseFaults(text);
      return plan === null || plan.every(({ probability }) => probability >= 0 && probability <= 1);
    }),
  );
});

test("each fault gets its share of the draws", () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const draws = 1_000;
      const counts = new Map<string, number>();
      for (let draw = 0; draw < draws; draw += 1) {
        const fault = drawFault(plan, () => (draw + 0.5) / draws);
        if (fault !== null) counts.set(faultName(fault), (counts.get(faultName(fault)) ?? 0) + 1);
      }
      for (const { fault, probability } of plan) {
        expect(Math.abs((counts.get(faultName(fault)) ?? 0) - probability * draws)).toBeLessThanOrEqual(1);
      }
    }),
  );
});
