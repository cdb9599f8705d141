import { Bench } from "tinybench";
import type { Timing, Unit, Way } from "../experiment.ts";

/** How much to measure. */
export interface Effort {
  readonly rounds: number;
  /** No new round starts after this time, once there are `leastRounds`: slow boards take fewer samples. */
  readonly budgetMs: number;
  readonly leastRounds: number;
}

/** Way → the samples of each round. */
export type Rounds = ReadonlyMap<string, readonly (readonly number[])[]>;

const PER_MS: Readonly<Record<Exclude<Unit, "MiB">, (msPerOperation: number) => number>> = {
  ns: (ms) => ms * 1e6,
  µs: (ms) => ms * 1e3,
  ms: (ms) => ms,
  s: (ms) => ms / 1e3,
  "op/s": (ms) => 1e3 / ms,
  "lines/s": (ms) => 1e3 / ms,
};

/** Milliseconds of one call → the unit of its case. */
export function inUnit(unit: Unit, ms: number, operations: number): number {
  if (unit === "MiB") throw new Error("Cannot time a size: MiB are observed");
  return PER_MS[unit](ms / operations);
}

async function runRound(
  timing: Timing,
  ways: readonly Way[],
  signal: AbortSignal,
): Promise<Map<string, number[]>> {
  const bench = new Bench({
    iterations: timing.iterations,
    time: timing.roundMs ?? 0,
    warmup: false,
    retainSamples: true,
    throws: true,
    signal,
  });
  for (const way of ways) {
    bench.add(way.name, () => way.run(), {
      async: timing.asynchronous,
      ...(way.beforeEach === undefined ? {} : { beforeEach: () => way.beforeEach?.() }),
    });
  }
  if (timing.asynchronous) await bench.run();
  else bench.runSync();
  const samples = new Map<string, number[]>();
  for (const way of ways) {
    const result = bench.getTask(way.name)?.result;
    if (result?.state !== "completed") continue;
    const operations = way.operations ?? 1;
    const taken = result.latency.samples ?? [];
    samples.set(
      way.name,
      taken.map((ms) => inUnit(timing.unit, ms, operations)),
    );
  }
  return samples;
}

/**
 * Times all ways in rounds, using tinybench. The order is reversed after each round, so that no way always follows
 * the same other one. Ends early, with whole rounds only, if the signal aborts.
 */
export async function measure(timing: Timing, effort: Effort, signal: AbortSignal): Promise<Rounds> {
  const rounds = new Map<string, number[][]>(timing.ways.map((way) => [way.name, []]));
  if (timing.warmUp === true) await runRound(timing, timing.ways, signal);
  const start = performance.now();
  for (let round = 0; round < effort.rounds; round += 1) {
    if (round >= effort.leastRounds && performance.now() - start > effort.budgetMs) break;
    const ways = round % 2 === 0 ? timing.ways : timing.ways.toReversed();
    let samples: Map<string, number[]>;
    try {
      samples = await runRound(timing, ways, signal);
    } catch (error) {
      // An aborted round may throw; earlier rounds are kept.
      if (signal.aborted) break;
      throw error;
    }
    if (signal.aborted || samples.size < timing.ways.length) break;
    for (const [name, values] of samples) rounds.get(name)?.push(values);
  }
  return rounds;
}
