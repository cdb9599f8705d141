import { expect, test } from "bun:test";
import { nextUnit } from "../../src/upload/next-unit.ts";
import { newWork, type Work } from "../../src/upload/work.ts";

function work(checksum: string, sizeBytes: number, change: Partial<Work> = {}): Work {
  const file = {
    path: `/${checksum}`,
    relativePath: checksum,
    name: checksum,
    sizeBytes,
    mtimeUs: 0,
    inode: 0,
  };
  return { ...newWork(checksum, file, null), ...change };
}

function taken(ready: Work[], batch: Parameters<typeof nextUnit>[1], isAskedFirst = false): string {
  return nextUnit(ready, batch, isAskedFirst)
    .map(({ checksum }) => checksum)
    .join("");
}

const FULL = { items: 3, bytes: 1_000, mayWait: false };

test("without batches one at a time, in turn", () => {
  const ready = [work("a", 1), work("b", 1)];
  expect([
    taken(ready, { ...FULL, items: 1 }),
    taken(ready, { ...FULL, items: 1 }),
    taken(ready, FULL),
  ]).toEqual(["a", "b", ""]);
});

test("a batch holds no more than its items and its bytes, and leaves large and single ones alone", () => {
  const ready = [
    work("a", 600),
    work("b", 1, { isSingle: true }),
    work("c", 300),
    work("L", 9e9),
    work("d", 200),
    work("e", 1),
  ];
  expect(taken(ready, FULL)).toBe("ac");
  expect(taken(ready, FULL)).toBe("b");
  expect(taken(ready, FULL)).toBe("L");
  expect(taken(ready, FULL)).toBe("de");
});

test("a batch that is not full waits where it may", () => {
  const ready = [work("a", 1), work("b", 1)];
  expect(taken(ready, { ...FULL, mayWait: true })).toBe("");
  ready.push(work("c", 1));
  expect(taken(ready, { ...FULL, mayWait: true })).toBe("abc");
});

test("where the server knows much, only what it lacks goes, and what was sent before", () => {
  const ready = [
    work("a", 1),
    work("b", 1, { asked: "absent" }),
    work("c", 1, { attempts: 1 }),
    work("d", 1, { asked: "waiting" }),
  ];
  expect(taken(ready, FULL, true)).toBe("bc");
  expect(taken(ready, FULL, true)).toBe("");
  expect(ready.map(({ checksum }) => checksum)).toEqual(["a", "d"]);
});
