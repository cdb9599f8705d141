import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  ago,
  bytes,
  bytesOf,
  lasting,
  ms,
  seconds,
  sentence,
  signed,
  textOf,
} from "../../../src/serve/page/format.ts";

test("a figure has four significant digits at most, and the unit that fits it", () => {
  expect(
    [0, 0.000_004_21, -0.003_482_9, 1.5, 61.25, 5_400, 90_000, 1e7].map((s) => textOf(seconds(s))),
  ).toEqual(["0 s", "4.21 µs", "−3.483 ms", "1.5 s", "61.25 s", "90 min", "25 h", "115.7 d"]);
  expect([0, 1_023, 1_024, 5.41e12].map((size) => textOf(bytes(size)))).toEqual([
    "0 B",
    "1,023 B",
    "1 KiB",
    "4.92 TiB",
  ]);
  expect(textOf(bytesOf(5.41e12, 8e12))).toBe("4.92 of 7.28 TiB");
  expect([textOf(ms(null)), textOf(seconds(undefined))]).toEqual(["–", "–"]);
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (millionths) => {
      const { value } = seconds(millionths / 1e6);
      expect(value.replaceAll(/[^0-9]|^[−0.]+/g, "").replace(/0+$/, "").length).toBeLessThanOrEqual(4);
    }),
  );
});

test("a difference has its sign; nothing has none", () => {
  expect([0, 0.04, -0.04, 3.44, -12.6].map(signed)).toEqual(["0.0", "0.0", "0.0", "+3.4", "−13"]);
});

test("a time is relative up to a day, and never in the future for clocks that differ a little", () => {
  const nowMs = Date.UTC(2026, 10, 26, 12);
  const told = (agoS: number): string => ago(new Date(nowMs - agoS * 1_000).toISOString(), nowMs);
  expect([-30, 0, 4, 5, 59, 60, 3_599, 3_600, 86_399].map(told)).toEqual([
    "now",
    "now",
    "now",
    "5 s ago",
    "59 s ago",
    "1 min ago",
    "59 min ago",
    "1 h ago",
    "23 h ago",
  ]);
  expect(told(86_400)).toContain("2026");
  expect(told(-3_600)).toContain("2026");
  expect([30, 90, 7_200, 172_800].map(lasting)).toEqual(["30 s", "1 min", "2 h", "2 days"]);
});

test("a message of the API becomes a sentence", () => {
  expect(sentence("the token is wrong")).toBe("The token is wrong.");
  expect(sentence("no node x in the store; did you mean y?")).toBe("No node x in the store; did you mean y?");
});
