import { expect, test } from "bun:test";
import fc from "fast-check";
import { quickStudentTail, studentTail } from "../../../../src/nodes/compare/judge/student.ts";

test("tails are those of the tables", () => {
  const two = [
    [12.7062, 1],
    [4.30265, 2],
    [2.57058, 5],
    [2.0639, 24],
    [1.97882, 127],
  ] as const;
  for (const [t, freedom] of two) expect(studentTail(t, freedom)).toBeCloseTo(0.05, 5);
  expect(studentTail(63.6567, 1)).toBeCloseTo(0.01, 6);
  expect(studentTail(3.24984, 9)).toBeCloseTo(0.01, 6);
});

test("either side, from 1 at nothing to 0 at infinity; what is no number is no evidence", () => {
  expect([0, -2, 2, Infinity, -Infinity, Number.NaN].map((t) => studentTail(t, 10))).toEqual([
    1,
    studentTail(2, 10),
    studentTail(2, 10),
    0,
    0,
    1,
  ]);
});

test("the quick one is the same within a part in ten million", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: -60, max: 60, noNaN: true }),
      (freedom, t) => {
        const exact = studentTail(t, freedom);
        const error = Math.abs(quickStudentTail(freedom)(t) - exact);
        // 1e-14 is what a sum of a hundred terms leaves of the exact one's own digits.
        expect(error).toBeLessThanOrEqual(exact < 1e-10 ? exact : Math.max(1e-14, exact * 1e-7));
      },
    ),
    { numRuns: 2_000 },
  );
});
