import { test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../../../src/lib/seeded-random.ts";
import { SharedWorld, type SharedWorldOptions } from "../../support/plan-world/shared-world.ts";

const worlds = fc.record({
  machines: fc.integer({ min: 2, max: 3 }),
  contents: fc.integer({ min: 1, max: 60 }),
  workers: fc.integer({ min: 1, max: 3 }),
  waitMs: fc.constantFrom(60_000, Infinity),
});

function play(options: SharedWorldOptions, seed: number, steps: number): void {
  const random = seededRandom(seed);
  const world = new SharedWorld(options);
  for (let step = 0; step < steps; step += 1) world.step((count) => Math.floor(random() * count));
  world.settle();
}

const RUNS = Number(Bun.env["RUNS"] ?? 300);

test("whatever befalls machines and their shared store, nothing is stored twice or lost, and every run ends", () => {
  fc.assert(
    fc.property(worlds, fc.nat(), fc.integer({ min: 100, max: 3_000 }), (options, seed, steps) => {
      play(options, seed, steps);
    }),
    { numRuns: RUNS },
  );
});

test("machines that have never used the shared store come at any moment, right after it was emptied too", () => {
  const withNewcomers = fc.record({
    machines: fc.integer({ min: 1, max: 2 }),
    newcomers: fc.integer({ min: 1, max: 2 }),
    contents: fc.integer({ min: 10, max: 60 }),
    workers: fc.integer({ min: 1, max: 3 }),
    waitMs: fc.constant(Infinity),
  });
  fc.assert(
    fc.property(withNewcomers, fc.nat(), fc.integer({ min: 100, max: 1_500 }), (options, seed, steps) => {
      play(options, seed, steps);
    }),
    { numRuns: RUNS },
  );
});
