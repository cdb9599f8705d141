import { test } from "bun:test";
import fc from "fast-check";
import { PlanWorld } from "../../support/upload/plan-world/plan-world.ts";

const servers = fc.constantFrom(
  { refusesDuplicates: false, isKnownToRefuse: false },
  { refusesDuplicates: true, isKnownToRefuse: false },
  { refusesDuplicates: true, isKnownToRefuse: true },
);

const worlds = fc.record({
  contents: fc.integer({ min: 1, max: 12 }),
  files: fc.integer({ min: 1, max: 20 }),
  batchItems: fc.constantFrom(1, 3),
  workers: fc.integer({ min: 1, max: 4 }),
  bulkCheck: fc.boolean(),
  server: servers,
});

test("in any order of events nothing is sent twice, lost or left open, and every run ends", () => {
  fc.assert(
    fc.property(
      worlds,
      fc.array(fc.array(fc.nat(), { maxLength: 150 }), { maxLength: 3 }),
      ({ server, ...options }, runs) => {
        const world = new PlanWorld({ ...options, ...server });
        for (const drawn of runs) {
          let at = 0;
          const draw = (count: number): number => {
            at += 1;
            return (drawn[at % Math.max(1, drawn.length)] ?? 0) % count;
          };
          world.run(draw, drawn.length);
        }
        world.settle();
      },
    ),
    { numRuns: 3_000 },
  );
});
