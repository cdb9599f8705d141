// `bun bench/time-attack.ts [SETS] [SEED]`: random sets of servers with liars among them, against the round and
// the selection of `nodupe time` alone: no network, a simulated clock. Counts broken promises; each must be 0.
// `bun bench/time-attack.ts udp [RUNS] [SEED]`: the same sets as real servers on loopback, in real time.
import { join } from "node:path";
import { median, quantile } from "../src/bench/measure/statistics.ts";
import { seededRandom } from "../src/lib/seeded-random.ts";
import { type Played, play } from "./time-attack-play.ts";
import { playUdp } from "./time-attack-udp.ts";
import { attackSet } from "./time-attack-set.ts";

const SETS = 100_000;
const UDP_RUNS = 300;
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

function tallyOf(sets: number, seed: number, played: readonly Played[]): Tally {
  const endings: Record<string, number> = {};
  for (const { ending } of played) endings[ending] = (endings[ending] ?? 0) + 1;
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

/** Plays this many sets; the same ones for the same seed. */
export function attack(sets: number, seed: number): Tally {
  const random = seededRandom(seed);
  let cookies = 0n;
  const played = Array.from({ length: sets }, () => {
    const set = attackSet(random, BUILD_TIME_S);
    return play(set, {
      samples: set.samples,
      buildTimeS: BUILD_TIME_S,
      precisionNs: 1_000n,
      maxRootDistanceNs: 1_500n * MS,
      minServers: 1,
      isThorough: false,
      cookie: () => (cookies += 1n),
    });
  });
  return tallyOf(sets, seed, played);
}

async function main(args: readonly string[]): Promise<void> {
  const isUdp = args[0] === "udp";
  const [count = isUdp ? UDP_RUNS : SETS, seed = SEED] = args.slice(isUdp ? 1 : 0).map(Number);
  const tally = isUdp
    ? tallyOf(count, seed, await playUdp(count, seededRandom(seed), BUILD_TIME_S))
    : attack(count, seed);
  await Bun.write(Bun.stdout, `${JSON.stringify(tally, null, 2)}\n`);
  const file = Bun.file(join(import.meta.dir, "results/time-attack.json"));
  const before: unknown = (await file.exists()) ? await file.json() : {};
  const results = { ...(before as object), [isUdp ? "udp" : "simulated"]: tally };
  await Bun.write(file, `${JSON.stringify(results, null, 2)}\n`);
}

if (import.meta.main) {
  await main(process.argv.slice(2));
  process.exit(0);
}
