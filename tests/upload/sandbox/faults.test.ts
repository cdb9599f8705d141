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
    { fault: { type: "status", status: 500, retryAfter: null }, probability: 0.05 },
    { fault: { type: "status", status: 429, retryAfter: null }, probability: 0.02 },
    { fault: { type: "reset" }, probability: 0.01 },
    { fault: { type: "lostack" }, probability: 0.01 },
    { fault: { type: "gateway", status: 502, body: "html" }, probability: 0 },
  ]);
  expect(parseFaults("")).toEqual([]);
});

test("what gateways say, and Retry-After with or without", () => {
  expect(parseFaults("504json:0.1,502html:0.1,200foreign:0.1,429ra:0.1,503bare:0.1,gzip:0.1")).toEqual([
    { fault: { type: "gateway", status: 504, body: "json" }, probability: 0.1 },
    { fault: { type: "gateway", status: 502, body: "html" }, probability: 0.1 },
    { fault: { type: "foreign" }, probability: 0.1 },
    { fault: { type: "status", status: 429, retryAfter: true }, probability: 0.1 },
    { fault: { type: "status", status: 503, retryAfter: false }, probability: 0.1 },
    { fault: { type: "gzip" }, probability: 0.1 },
  ]);
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
  "200json:0.1",
  "500xml:0.1",
  "html:0.1,502html:0.1",
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
  .uniqueArray(
    fc.constantFrom(
      "400",
      "429ra",
      "500",
      "503bare",
      "504json",
      "403html",
      "200foreign",
      "html",
      "gzip",
      "lostack",
    ),
    { maxLength: 8 },
  )
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
