import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatDurationMs, formatEta, parseDurationMs } from "../../../src/lib/format/duration.ts";

test("every unit is parsed, with fractions", () => {
  const texts = ["250ms", "1.5s", "90m", "2h", "7d", ".5s", " 3s "];
  expect(texts.map(parseDurationMs)).toEqual([250, 1_500, 5_400_000, 7_200_000, 604_800_000, 500, 3_000]);
});

test("an invalid duration is null", () => {
  const texts = ["", "5", "s", "-1s", "1e3s", "1 s", "5 minutes", "1s2m", "NaNs", "Infinitys"];
  expect(texts.map(parseDurationMs)).toEqual(texts.map(() => null));
});

test("a formatted duration parses back", () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 10 }), (ms) => {
      expect(parseDurationMs(formatDurationMs(ms))).toBe(ms);
    }),
  );
});

test("an ETA is short", () => {
  expect([0, 42.4, 187, 7_500].map(formatEta)).toEqual(["0s", "42s", "3m07s", "2h05m"]);
});
