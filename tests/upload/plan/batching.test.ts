import { expect, test } from "bun:test";
import { nextUnit } from "../../../src/upload/plan/batching.ts";
import type { Work } from "../../../src/upload/plan/work.ts";
import { fileOf, workOf } from "../../support/upload/work.ts";

function work(name: string, sizeBytes: number, change: Partial<Work> = {}): Work {
  return workOf(name, { file: fileOf(name, { sizeBytes }), ...change });
}

/** The names in the next unit, which is taken out of the line. */
function taken(
  queued: Set<Work>,
  batch: Parameters<typeof nextUnit>[1],
  mayGo: (work: Work) => boolean = () => true,
): string {
  const unit = nextUnit(queued, batch, mayGo);
  for (const each of unit) queued.delete(each);
  return unit.map(({ file }) => file.name).join("");
}

const FULL = { items: 3, bytes: 1_000, mayWait: false };

test("without batches one at a time, in turn", () => {
  const queued = new Set([work("a", 1), work("b", 1)]);
  const single = { ...FULL, items: 1 };
  expect([taken(queued, single), taken(queued, single), taken(queued, FULL)]).toEqual(["a", "b", ""]);
});

test("a batch holds no more than its items and its bytes, and leaves large and single ones alone", () => {
  const queued = new Set([
    work("a", 600),
    work("b", 1, { isSingle: true }),
    work("c", 300),
    work("L", 9e9),
    work("d", 200),
    work("e", 1),
  ]);
  const units = Array.from({ length: 5 }, () => taken(queued, FULL));
  expect(units).toEqual(["ac", "b", "L", "de", ""]);
});

test("a batch that is not full waits where it may", () => {
  const queued = new Set([work("a", 1), work("b", 1)]);
  expect(taken(queued, { ...FULL, mayWait: true })).toBe("");
  queued.add(work("c", 1));
  expect(taken(queued, { ...FULL, mayWait: true })).toBe("abc");
});

test("what may not go yet is passed over, and keeps its place", () => {
  const queued = new Set([work("a", 1), work("b", 1), work("c", 1), work("d", 1)]);
  const mayGo = ({ file }: Work): boolean => file.name === "b" || file.name === "c";
  expect([taken(queued, FULL, mayGo), taken(queued, FULL, mayGo), taken(queued, FULL)]).toEqual([
    "bc",
    "",
    "ad",
  ]);
});
