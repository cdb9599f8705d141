import { expect, test } from "bun:test";
import { seldom } from "../../src/serve/seldom.ts";

test("what takes long is computed as seldom as its share of the time allows", () => {
  let nowMs = 0;
  let computed = 0;
  const remembered = seldom(
    () => {
      nowMs += 40;
      computed += 1;
      return computed;
    },
    0.01,
    () => nowMs,
  );
  const told: number[] = [];
  for (const atMs of [0, 1_000, 4_039, 4_040, 8_000, 8_080]) {
    nowMs = Math.max(nowMs, atMs);
    told.push(remembered());
  }
  expect(told).toEqual([1, 1, 1, 2, 2, 3]);
});
