import { expect, test } from "bun:test";
import fc from "fast-check";
import { apart, withGaps } from "../../../../src/serve/page/parts/chart-data.ts";

test("a stretch without measurements stays a gap in every column", () => {
  expect(
    withGaps({
      times: [0, 60, 120, 600, 660],
      series: [{ label: "offset", values: [1, 2, 3, 4, 5], color: 1 }],
      band: { low: [0, 1, 2, 3, 4], high: [2, 3, 4, 5, 6] },
    }),
  ).toEqual({
    times: [0, 60, 120, 360, 600, 660],
    series: [{ label: "offset", values: [1, 2, 3, null, 4, 5], color: 1 }],
    band: { low: [0, 1, 2, null, 3, 4], high: [2, 3, 4, null, 5, 6] },
  });
});

test("whatever the times, no value is lost and times ascend", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 1e6 })), (unordered) => {
      const times = unordered.toSorted((a, b) => a - b);
      const values = times.map((_, at) => at);
      const told = withGaps({ times, series: [{ label: "", values, color: 1 }], band: null });
      expect(told.series[0]?.values.filter((value) => value !== null)).toEqual(values);
      expect(told.times).toEqual(told.times.toSorted((a, b) => a - b));
    }),
  );
});

test("labels do not cover one another, keep their order, and stay above the bottom while there is room", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 6 }), (heights) => {
      const told = apart(heights, 15, 100);
      const ordered = told.toSorted((a, b) => a - b);
      for (const [at, height] of ordered.slice(1).entries())
        expect(height - (ordered[at] ?? 0)).toBeGreaterThanOrEqual(15 - 1e-9);
      expect(Math.max(0, ...told)).toBeLessThanOrEqual(100);
    }),
  );
});
