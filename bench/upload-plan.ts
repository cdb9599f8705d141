// The plan of uploads in a simulated world (a server, a store, a tree, a clock) where the next event is drawn at
// random: any order of events, answers, stops and kills. `bun bench/upload-plan.ts [SEQUENCES]` plays 100,000
// seeded sequences of up to three runs each, stops at the first one that sends twice, loses something or does not
// end, and writes a summary to bench/results/upload-plan.json.
import { join, resolve } from "node:path";
import { seededRandom } from "../src/lib/seeded-random.ts";
import type { Draw } from "../tests/support/upload/plan-world/draw.ts";
import { PlanWorld } from "../tests/support/upload/plan-world/plan-world.ts";
import { machine } from "./support.ts";

const SEQUENCES = Number(Bun.argv[2] ?? 100_000);
const MOST_STEPS = 200;

/** A server that stores duplicates, one that refuses them, and one that is known to refuse them. */
function serverOf(kind: number): { refusesDuplicates: boolean; isKnownToRefuse: boolean } {
  return { refusesDuplicates: kind > 0, isKnownToRefuse: kind > 1 };
}

function play(seed: number): void {
  const random = seededRandom(seed);
  const draw: Draw = (count) => Math.floor(random() * count);
  const world = new PlanWorld({
    contents: 1 + draw(12),
    files: 1 + draw(20),
    batchItems: draw(2) === 0 ? 1 : 3,
    workers: 1 + draw(4),
    bulkCheck: draw(2) === 0,
    ...serverOf(draw(3)),
  });
  for (let runs = draw(4); runs > 0; runs -= 1) world.run(draw, draw(MOST_STEPS));
  world.settle();
}

const startMs = performance.now();
for (let seed = 1; seed <= SEQUENCES; seed += 1) {
  try {
    play(seed);
  } catch (error) {
    throw new Error(`Cannot go on after sequence ${seed}`, { cause: error });
  }
}
const results = {
  machine: machine(),
  sequences: SEQUENCES,
  sent_twice: 0,
  lost: 0,
  without_an_end: 0,
  elapsed_s: (performance.now() - startMs) / 1_000,
};
const text = `${JSON.stringify(results, null, 2)}\n`;
await Bun.write(join(resolve(import.meta.dir, ".."), "bench/results/upload-plan.json"), text);
await Bun.write(Bun.stdout, text);
