import { expect, test } from "bun:test";
import fc from "fast-check";
import { createEvents } from "../../../src/nodes/log/events.ts";
import { ACTIONS, KINDS, LEVELS, OUTCOMES, SUCCESS } from "../../../src/nodes/log/vocabulary.ts";
import { encodeCells } from "../../../src/nodes/store/cell-sums.ts";
import { HourTable, linesOf, sketchOf, sumOf } from "../../../src/nodes/store/hour-table.ts";
import {
  addEvent,
  addLine,
  createRollup,
  decodeRollup,
  encodeSummary,
  type Rollup,
} from "../../../src/nodes/store/rollup.ts";
import { BUCKET_LIMIT } from "../../../src/nodes/store/sketch.ts";
import { addStoredSketch } from "../../../src/nodes/store/stored-sketch.ts";

const operation = fc.record({
  action: fc.nat({ max: ACTIONS.length - 1 }),
  outcome: fc.nat({ max: OUTCOMES.length - 2 }),
  size: fc.integer({ min: -1, max: 3_000_000 }),
  duration: fc.integer({ min: 0, max: 90_000 }),
});
const hour = fc.record({
  operations: fc.array(operation, { maxLength: 40 }),
  lines: fc.array(
    fc.record({ timeMs: fc.nat({ max: 3_599_999 }), level: fc.nat({ max: LEVELS.length - 1 }) }),
  ),
});

type Hour = typeof hour extends fc.Arbitrary<infer T> ? T : never;

function rollupOf({ operations, lines }: Hour): Rollup {
  const rollup = createRollup();
  const events = createEvents(operations.length);
  for (const [row, { action, outcome, size, duration }] of operations.entries()) {
    events.action[row] = action;
    events.outcome[row] = outcome;
    events.sizeBytes[row] = size;
    events.durationMs[row] = duration;
    addEvent(rollup, events, row);
  }
  for (const { timeMs, level } of lines) addLine(rollup.summary, timeMs, level);
  return rollup;
}

/** A summary as stores of before have it: it ends with its sketch. */
function withoutActions(summary: Uint8Array): Uint8Array {
  const end = addStoredSketch(sketchOf(summary), new Int32Array(BUCKET_LIMIT), new Float64Array(1), 0);
  return summary.slice(0, end);
}

test("the columns are what the summaries hold", () => {
  fc.assert(
    fc.property(fc.array(hour, { maxLength: 5 }), (hours) => {
      const summaries = hours.map((told) => rollupOf(told).summary);
      const table = new HourTable(
        summaries.map((summary, at) => ({ startMs: at * 3_600_000, summary: encodeSummary(summary) })),
      );
      const column = (of: (at: number) => number): number[] => hours.map((_, at) => of(at));
      for (const [kind] of KINDS.entries()) {
        const counts = (outcome: number): number[] =>
          column((at) => summaries[at]?.counts[kind * 3 + outcome] ?? 0);
        for (const outcome of [0, 1, 2]) expect([...table.counts(kind, outcome)]).toEqual(counts(outcome));
        const [good, canceled, failed] = [counts(0), counts(1), counts(2)];
        expect(Array.from(table.trials(kind))).toEqual(
          good.map((count, at) => count + (canceled[at] ?? 0) + (failed[at] ?? 0)),
        );
      }
      expect([...table.operations()]).toEqual(hours.map(({ operations }) => operations.length));
      expect([...table.lines()]).toEqual(hours.map(({ lines }) => lines.length));
      expect([...table.timedMs()]).toEqual(column((at) => summaries[at]?.timedMs ?? 0));
      expect([...table.firstMs()]).toEqual(column((at) => summaries[at]?.firstMs ?? 0));
      expect([...table.lastMs()]).toEqual(column((at) => summaries[at]?.lastMs ?? 0));
      expect([...table.linesByLevel()]).toEqual(
        LEVELS.map(
          (_, level) => hours.flatMap(({ lines }) => lines).filter((line) => line.level === level).length,
        ),
      );
      expect(sumOf(table.timed())).toBe(hours.flatMap(({ operations }) => operations).length);
      expect(table.timedTotal()).toBe(sumOf(table.timed()));
      expect(table.trialsTotal(0)).toBe(sumOf(table.trials(0)));
    }),
  );
});

test("sums by action are those of the operations, whether the summary has them or its cells tell", () => {
  fc.assert(
    fc.property(hour, (told) => {
      const rollup = rollupOf(told);
      const cells = encodeCells(rollup.cells);
      const summary = encodeSummary(rollup.summary);
      const counts = ACTIONS.map(
        (_, action) => told.operations.filter((one) => one.action === action).length,
      );
      const successBytes = ACTIONS.map((_, action) =>
        told.operations
          .filter((one) => one.action === action && one.outcome === SUCCESS)
          .reduce((sum, { size }) => sum + Math.max(0, size), 0),
      );
      for (const stored of [summary, withoutActions(summary)]) {
        const { actions } = decodeRollup({ summary: stored, cells }).summary;
        expect({ counts: [...actions.counts], successBytes: [...actions.successBytes] }).toEqual({
          counts,
          successBytes,
        });
      }
      expect([...linesOf(summary)]).toEqual([...rollup.summary.levels]);
    }),
  );
});

test("a summary that is cut is refused", () => {
  const summary = encodeSummary(createRollup().summary);
  expect(() => new HourTable([{ startMs: 0, summary: summary.slice(0, 9) }])).toThrow(RangeError);
});
