// `bun bench/time-attack.ts [SETS] [SEED]`: random sets of servers with liars among them, against the round and the
// selection of `nodupe time` alone: no network, a made-up clock. Counts broken promises; each must be 0.
import { join } from "node:path";
import { median, quantile } from "../src/bench/statistics.ts";
import { seededRandom } from "../src/lib/seeded-random.ts";
import { type Played, play } from "./time-attack-play.ts";
import { attackSet } from "./time-attack-set.ts";

const SETS = 100_000;
const SEED = 20_261_126;
const BUILD_TIME_S = Date.UTC(2026, 10, 20) / 1_000;
const MS = 1_000_000n;

export interface Tally {
  readonly sets: number;
  readonly seed: number;
  readonly answered: number;
  readonly bound_violated: number;
  readonly range_violated: number;
  readonly interval_violated: number;
  readonly endings: Readonly<Record<string, number>>;
  readonly ended_median_ms: number;
  readonly error_p99_ms: number;
}

export function attack(sets: number, seed: number): Tally {
  const random = seededRandom(seed);
  const endings: Record<string, number> = {};
  const played: Played[] = [];
  let cookies = 0n;
  for (let index = 0; index < sets; index += 1) {
    const set = attackSet(random, BUILD_TIME_S);
    const outcome = play(set, {
      samples: set.samples,
      buildTimeS: BUILD_TIME_S,
      precisionNs: 1_000n,
      maxRootDistanceNs: 1_500n * MS,
      minServers: 1,
      isThorough: false,
      cookie: () => (cookies += 1n),
    });
    endings[outcome.ending] = (endings[outcome.ending] ?? 0) + 1;
    played.push(outcome);
  }
  const answered = played.filter(({ isAnswered }) => isAnswered);
  const sorted = (values: readonly number[]): number[] => values.toSorted((left, right) => left - right);
  return {
    sets,
    seed,
    answered: answered.length,
    bound_violated: played.filter(({ boundViolated }) => boundViolated).length,
    range_violated: played.filter(({ rangeViolated }) => rangeViolated).length,
    interval_violated: played.filter(({ intervalViolated }) => intervalViolated).length,
    endings,
    ended_median_ms: median(sorted(played.map(({ endedMs }) => endedMs))),
    error_p99_ms: quantile(sorted(answered.map(({ errorNs }) => errorNs / 1e6)), 0.99),
  };
}

if (import.meta.main) {
  const [sets = SETS, seed = SEED] = process.argv.slice(2).map(Number);
  const tally = attack(sets, seed);
  await Bun.write(Bun.stdout, `${JSON.stringify(tally, null, 2)}\n`);
  await Bun.write(join(import.meta.dir, "results/time-attack.json"), `${JSON.stringify(tally, null, 2)}\n`);
}
