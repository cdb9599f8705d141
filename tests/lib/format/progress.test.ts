import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Progress, progressLine, progressSentence, Rate } from "../../../src/lib/format/progress.ts";

const BUSY: Progress = {
  done: 1_234,
  total: 10_000,
  noun: "files",
  bytes: 36_175_872,
  details: ["2 failed", "5 in flight"],
  waiting: null,
};
const SPEED = { done: 12.5, bytes: 3_565_158 };
const ETA = "ETA 11m41s";

test("if it is too long, details are dropped from the last on, then the bar; the time left stays", () => {
  const shown = [140, 100, 80, 60, 40].map((columns) => progressLine(BUSY, SPEED, columns));
  expect(shown).toEqual([
    `███░░░░░░░░░░░░░░░░░░░░░  1,234/10,000 files  34.5 MiB  3.4 MiB/s  2 failed  5 in flight  ${ETA}`,
    `███░░░░░░░░░░░░░░░░░░░░░  1,234/10,000 files  34.5 MiB  3.4 MiB/s  2 failed  5 in flight  ${ETA}`,
    `███░░░░░░░░░░░░░░░░░░░░░  1,234/10,000 files  34.5 MiB  3.4 MiB/s  ${ETA}`,
    `1,234/10,000 files  34.5 MiB  3.4 MiB/s  ${ETA}`,
    `1,234/10,000 files  34.5 MiB  ${ETA}`,
  ]);
});

test("what the job waits for replaces the time left", () => {
  const waiting = { ...BUSY, waiting: "the server until 14:05:10" };
  expect(progressLine(waiting, SPEED, 60)).toBe("1,234/10,000 files  waiting for the server until 14:05:10");
  expect(progressSentence(waiting, SPEED)).toEndWith("5 in flight, waiting for the server until 14:05:10");
});

test("without a total there is neither a bar nor a time left", () => {
  const growing = { ...BUSY, total: null, noun: "lines", bytes: null, details: ["12 new events"] };
  expect(progressLine(growing, { done: 48_000.4, bytes: 0 }, 80)).toBe(
    "1,234 lines  48,000/s  12 new events",
  );
});

test("a sentence says everything, in words", () => {
  expect(progressSentence(BUSY, SPEED)).toBe(
    `1,234 of 10,000 files (12%), 34.5 MiB, 3.4 MiB/s, 2 failed, 5 in flight, ${ETA}`,
  );
});

test("from 40 columns on the line fits and the time left is whole, whatever the numbers", () => {
  const progress = fc.record({
    done: fc.nat({ max: 10_000_000 }),
    left: fc.integer({ min: 1, max: 10_000_000 }),
    bytes: fc.option(fc.nat({ max: 2 ** 45 }), { nil: null }),
    details: fc.array(fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" }), { maxLength: 4 }),
  });
  const speed = fc.record({ done: fc.double({ min: 0.01, max: 1e5, noNaN: true }), bytes: fc.nat() });
  fc.assert(
    fc.property(
      progress,
      speed,
      fc.integer({ min: 40, max: 200 }),
      ({ done, left, ...rest }, at, columns) => {
        const line = progressLine(
          { ...rest, done, total: done + left, noun: "files", waiting: null },
          at,
          columns,
        );
        expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
        expect(line).toMatch(/ETA (\d+s|\d+m\d\ds|\d+h\d\dm)$/);
      },
    ),
  );
});

test("a rate follows recent work and forgets old work", () => {
  const rate = new Rate(5_000, 0);
  for (let second = 1; second <= 60; second += 1) rate.update(second * 10, second * 1_000);
  expect(rate.perSecond).toBeCloseTo(10, 6);
  for (let second = 61; second <= 120; second += 1) rate.update(600, second * 1_000);
  expect(rate.perSecond).toBeLessThan(0.01);
});
