import { expect, test } from "bun:test";
import fc from "fast-check";
import { HOUR_MS } from "../../../src/nodes/log/vocabulary.ts";
import { addCellsByAction, createActionSums } from "../../../src/nodes/store/action-sums.ts";
import { encodeSummary } from "../../../src/nodes/store/rollup.ts";
import { DEMO_NODES, demoHour } from "../../../src/serve/demo/nodes.ts";

const node = fc.constantFrom(...DEMO_NODES);
const startMs = fc.integer({ min: 400_000, max: 500_000 }).map((hour) => hour * HOUR_MS);
const seed = fc.integer({ min: 0, max: 2 ** 31 });
const satellites = [1, 2, 3, 4];

test("an hour's groups add up to what it tells at a glance, and the same hour is the same again", () => {
  fc.assert(
    fc.property(node, startMs, seed, fc.double({ min: 0.01, max: 1, noNaN: true }), (...given) => {
      const [of, start, from, passed] = given;
      const hour = { node: of, startMs: start, passed, satellites, seed: from };
      const { summary, cells } = demoHour(hour);
      const counted = [...cells.values()].reduce((sum, { count }) => sum + count, 0);
      const timedMs = [...cells.values()].reduce((sum, cell) => sum + cell.timedMs, 0);
      expect(summary.counts.reduce((sum, count) => sum + count, 0)).toBe(counted);
      expect([summary.timed, summary.sketch.count, summary.timedMs]).toEqual([counted, counted, timedMs]);
      const byAction = createActionSums();
      addCellsByAction(byAction, cells);
      expect(summary.actions).toEqual(byAction);
      expect(summary.lastMs).toBeLessThan(start + HOUR_MS);
      expect(encodeSummary(demoHour(hour).summary)).toEqual(encodeSummary(summary));
    }),
    { numRuns: 50 },
  );
});

test("an hour at work only grows", () => {
  fc.assert(
    fc.property(node, startMs, seed, (of, start, from) => {
      const counts = [0.2, 0.5, 0.8, 1].map((passed) => {
        const { summary } = demoHour({ node: of, startMs: start, passed, satellites, seed: from });
        return summary.timed;
      });
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    }),
    { numRuns: 50 },
  );
});
