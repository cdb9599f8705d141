import { expect, test } from "bun:test";
import fc from "fast-check";
import { didYouMean, editDistance, nearest } from "../../src/lib/nearest.ts";

test("the nearest name is found, a distant one is not", () => {
  const known = ["--workers", "--watch", "--retries", "--retry-delay", "--url"];
  const typed = ["--worker", "--jbos", "--rertries", "--RETRIES", "--retry", "--uri", "--zzz"];
  expect(typed.map((name) => nearest(name, known))).toEqual([
    "--workers",
    null,
    "--retries",
    "--retries",
    "--retry-delay",
    "--url",
    null,
  ]);
});

test("a hint is the end of a sentence", () => {
  expect([didYouMean("shw", ["show", "init"]), didYouMean("zzzz", ["show"])]).toEqual([
    "; did you mean show?",
    "",
  ]);
});

test("the distance is symmetric, and zero only for the same text", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (left, right) => {
      expect(editDistance(left, right)).toBe(editDistance(right, left));
      expect(editDistance(left, right) === 0).toBe(left === right);
    }),
  );
});
