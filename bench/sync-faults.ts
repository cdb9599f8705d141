// The compiled binary against a server with every fault that real ones show, at 5% each and all together, with
// kills: `bun bench/sync-faults.ts [SEEDS]` plays 50 seeds, exits with 1 if anything was stored twice, lost or
// miscounted, and writes bench/results/sync-faults.json.
import { join, resolve } from "node:path";
import { type MixOutcome, playFaultMix } from "../tests/support/upload/fault-mix.ts";
import { machine } from "./support.ts";

const SEEDS = Number(Bun.argv[2] ?? 50);
const AT_ONCE = 4;

const outcomes: { seed: number; outcome: MixOutcome }[] = [];
const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1);
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift())
      outcomes.push({ seed, outcome: await playFaultMix(seed) });
  }),
);

function sum(of: (outcome: MixOutcome) => number): number {
  return outcomes.reduce((total, { outcome }) => total + of(outcome), 0);
}

const wrong = outcomes
  .filter(({ outcome: { repeats, lost, wrongSums } }) => repeats + lost + wrongSums > 0)
  .toSorted((left, right) => left.seed - right.seed);
const results = {
  machine: machine(),
  seeds: SEEDS,
  contents: sum(({ contents }) => contents),
  kills: sum(({ kills }) => kills),
  runs: sum(({ runs }) => runs),
  faults: sum(({ faults }) => Object.values(faults).reduce((total, count) => total + count, 0)),
  repeats: sum(({ repeats }) => repeats),
  lost: sum(({ lost }) => lost),
  wrong_sums: sum(({ wrongSums }) => wrongSums),
};
const text = `${JSON.stringify(results, null, 2)}\n`;
await Bun.write(join(resolve(import.meta.dir, ".."), "bench/results/sync-faults.json"), text);
await Bun.write(Bun.stdout, text + wrong.map((one) => `${JSON.stringify(one)}\n`).join(""));
if (wrong.length > 0) process.exitCode = 1;
