// Three machines running the compiled binary on one shared store (a real redis-server), and a server that takes 3
// to 10 s and accepts duplicates, with the program's own lease of 10 s. `bun bench/shared-faults.ts [SEEDS]
// [AT_ONCE]` plays each fault with five seeds; exits with 1 if anything was stored twice, lost or miscounted, or a
// run did not end; writes bench/results/shared-faults.json. Needs redis-server, unshare, ip and nft, and root.
import { join, resolve } from "node:path";
import { type FaultOutcome, FULL, SHARED_FAULTS } from "../tests/support/upload/shared-faults.ts";
import { machine } from "./support.ts";

const SEEDS = Number(Bun.argv[2] ?? 5);
const AT_ONCE = Number(Bun.argv[3] ?? 6);
const ROOT = resolve(import.meta.dir, "..");

async function play(fault: string, seed: number): Promise<FaultOutcome> {
  const player = join(ROOT, "tests/support/upload/shared-faults.ts");
  const child = Bun.spawn(["unshare", "-n", process.execPath, player, fault, `${seed}`], {
    stderr: "inherit",
  });
  return JSON.parse(await new Response(child.stdout).text()) as FaultOutcome;
}

const open = Array.from({ length: SEEDS }, (_, at) => at + 1).flatMap((seed) =>
  SHARED_FAULTS.map((fault) => ({ fault, seed })),
);
const outcomes: FaultOutcome[] = [];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const outcome = await play(next.fault, next.seed);
      outcomes.push(outcome);
      process.stderr.write(`${JSON.stringify(outcome)}\n`);
    }
  }),
);

const isWrong = (one: FaultOutcome): boolean => one.repeats + one.lost + one.wrong_sums + one.endless > 0;
const results = {
  machine: machine(),
  scale: FULL,
  faults: SHARED_FAULTS.map((fault) => {
    const played = outcomes.filter((one) => one.fault === fault);
    const sum = (of: (one: FaultOutcome) => number): number =>
      played.reduce((total, one) => total + of(one), 0);
    return {
      fault,
      seeds: played.length,
      contents: sum(({ contents }) => contents),
      runs: sum(({ runs }) => runs),
      kills: sum(({ kills }) => kills),
      repeats: sum(({ repeats }) => repeats),
      lost: sum(({ lost }) => lost),
      wrong_sums: sum(({ wrong_sums: wrongSums }) => wrongSums),
      endless: sum(({ endless }) => endless),
      longest_s: Math.max(...played.map(({ seconds }) => Math.round(seconds))),
    };
  }),
};
const text = `${JSON.stringify(results, null, 2)}\n`;
await Bun.write(join(ROOT, "bench/results/shared-faults.json"), text);
await Bun.write(Bun.stdout, text);
if (outcomes.some(isWrong)) process.exitCode = 1;
