import { expect, test } from "bun:test";
import { AskFirst } from "../../../src/upload/plan/ask-first.ts";
import type { Work } from "../../../src/upload/plan/work.ts";
import { Works } from "../../../src/upload/plan/works.ts";
import { HELD_UP_TO_BYTES } from "../../../src/upload/limits.ts";
import { fileOf, workOf } from "../../support/upload/work.ts";

interface Made {
  readonly ask: AskFirst;
  readonly works: Works;
  readonly works3: readonly Work[];
}

/** Three contents in line, the second one large. */
function make(refusesDuplicates: boolean): Made {
  const works = new Works();
  const works3 = ["a", "b", "c"].map((name) =>
    workOf(name, { file: fileOf(name, { sizeBytes: name === "b" ? HELD_UP_TO_BYTES + 1 : 1 }) }),
  );
  for (const work of works3) works.add(work);
  return { ask: new AskFirst(works, refusesDuplicates), works, works3 };
}

function names(works: readonly Work[]): string {
  return works.map(({ file }) => file.name).join("");
}

test("a server that is not known to refuse duplicates is asked for each, in turn; nothing goes unasked", () => {
  const { ask, works, works3 } = make(false);
  expect(works3.map((work) => ask.mayGo(work))).toEqual([false, false, false]);
  expect([0, 1, 2, 3].map(() => names(ask.next(0, false)))).toEqual(["a", "b", "c", ""]);
  const [first] = works3;
  if (first === undefined) throw new Error("three were made");
  expect(ask.mayGo(first)).toBe(false);
  works.ask(first, "absent");
  expect(ask.mayGo(first)).toBe(true);
});

test("in bulk all that wait are asked for at once", () => {
  const { ask } = make(false);
  expect([names(ask.next(0, true)), names(ask.next(0, true))]).toEqual(["abc", ""]);
});

test("one that refuses duplicates by itself is asked for large ones alone, until it turns out to know much", () => {
  const { ask, works3 } = make(true);
  expect(works3.map((work) => ask.mayGo(work))).toEqual([true, false, true]);
  for (let answers = 0; answers < 10; answers += 1) ask.learn(true);
  expect(works3.map((work) => ask.mayGo(work))).toEqual([false, false, false]);
  expect(names(ask.next(0, false))).toBe("a");
});

test("where it cannot be asked all go", () => {
  const { ask, works3 } = make(false);
  ask.learnUnaskable();
  expect(works3.map((work) => ask.mayGo(work))).toEqual([true, true, true]);
  expect(names(ask.next(0, false))).toBe("");
});

test("what got no answer is asked for again at its time, where it is still in line", () => {
  const { ask, works, works3 } = make(false);
  while (ask.next(0, false).length > 0);
  const [first, second] = works3;
  if (first === undefined || second === undefined) throw new Error("three were made");
  ask.again(first, 500);
  ask.again(second, 400);
  expect([ask.wakeAtMs, names(ask.next(399, false))]).toEqual([400, ""]);
  works.move(second, { type: "settled" });
  expect([names(ask.next(500, false)), ask.wakeAtMs]).toEqual(["a", Infinity]);
});

test("what is due to be asked for again while it is not in line is asked for once it is back there", () => {
  const { ask, works, works3 } = make(false);
  while (ask.next(0, false).length > 0);
  const [first] = works3;
  if (first === undefined) throw new Error("three were made");
  ask.again(first, 500);
  works.move(first, { type: "backoff", untilMs: 900 });
  expect(names(ask.next(500, false))).toBe("");
  works.move(first, { type: "queued" });
  expect(names(ask.next(900, false))).toBe("a");
});
