import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import fc from "fast-check";
import { Delayed } from "../../src/lib/delayed.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A clock that the test moves, together with the timers. */
function clock(): { now: () => number; pass: (ms: number) => void } {
  let nowMs = 1_000;
  return {
    now: () => nowMs,
    pass: (ms) => {
      for (let step = 0; step < ms; step += 1) {
        nowMs += 1;
        jest.advanceTimersByTime(1);
      }
    },
  };
}

test("each thing comes when it is due and not before", () => {
  const { now, pass } = clock();
  const due: string[][] = [];
  const delayed = new Delayed<string>({ now, onDue: (items) => due.push(items) });
  delayed.add("late", 50);
  delayed.add("soon", 10);
  delayed.add("sooner", 9);
  expect([delayed.size, due]).toEqual([3, []]);
  pass(8);
  expect(due).toEqual([]);
  pass(1);
  expect([delayed.size, due]).toEqual([2, [["sooner"]]]);
  pass(40);
  expect([delayed.size, due]).toEqual([1, [["sooner"], ["soon"]]]);
  pass(1);
  expect([delayed.size, due]).toEqual([0, [["sooner"], ["soon"], ["late"]]]);
});

test("what is due together comes at once, the earliest first", () => {
  let nowMs = 1_000;
  const due: string[][] = [];
  const delayed = new Delayed<string>({ now: () => nowMs, onDue: (items) => due.push(items) });
  for (const [item, delayMs] of [
    ["c", 30],
    ["a", 10],
    ["b", 20],
  ] as const)
    delayed.add(item, delayMs);
  // The process was held up.
  nowMs += 100;
  jest.advanceTimersByTime(10);
  expect(due).toEqual([["a", "b", "c"]]);
});

test("what is cleared comes back, and never falls due", () => {
  const { now, pass } = clock();
  const due: string[][] = [];
  const delayed = new Delayed<string>({ now, onDue: (items) => due.push(items) });
  delayed.add("b", 20);
  delayed.add("a", 10);
  expect([delayed.clear().toSorted(), delayed.size, delayed.clear()]).toEqual([["a", "b"], 0, []]);
  pass(30);
  expect(due).toEqual([]);
  delayed.add("c", 5);
  pass(5);
  expect(due).toEqual([["c"]]);
});

test("nothing is lost or repeated, whatever is added when, from within as well", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ delayMs: fc.nat(30), pauseMs: fc.nat(10) }), { maxLength: 20 }),
      (adds) => {
        const { now, pass } = clock();
        const came: { item: number; atMs: number }[] = [];
        const dueMs: number[] = [];
        const delayed = new Delayed<number>({
          now,
          onDue: (items) => {
            for (const item of items) {
              came.push({ item, atMs: now() });
              // As a retry is, once.
              if (item < adds.length) add(item + adds.length, 3);
            }
          },
        });
        const add = (item: number, delayMs: number): void => {
          dueMs[item] = now() + delayMs;
          delayed.add(item, delayMs);
        };
        for (const [index, { delayMs, pauseMs }] of adds.entries()) {
          add(index, delayMs);
          pass(pauseMs);
        }
        pass(40);
        expect(came.map(({ item }) => item).toSorted((a, b) => a - b)).toEqual([
          ...Array(2 * adds.length).keys(),
        ]);
        // A timer of 0 ms takes one.
        for (const { item, atMs } of came) expect([0, 1]).toContain(atMs - (dueMs[item] ?? 0));
        expect(delayed.size).toBe(0);
      },
    ),
    { numRuns: 50 },
  );
});
