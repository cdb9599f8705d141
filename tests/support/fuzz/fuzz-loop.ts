import { seededRandom } from "../../../src/lib/seeded-random.ts";
import { addToCorpus, type Corpus } from "./corpus.ts";
import { type FuzzTarget, mustHold } from "./fuzz-target.ts";
import { mutate } from "./mutate.ts";
import type { SharedInput } from "./shared-input.ts";

export interface LoopOptions {
  readonly target: FuzzTarget;
  readonly corpus: Corpus;
  readonly seed: number;
  readonly untilMs: number;
  readonly shared: SharedInput;
}

/** A promise was broken by this input. */
class Broken extends Error {
  readonly input: Uint8Array;

  constructor(input: Uint8Array, cause: unknown) {
    super(`broken by ${Buffer.from(input).toString("base64").slice(0, 20_000)}`, { cause });
    this.input = input;
  }
}

/** The time limit for an input. */
const MOST_MS = 1_000;
/** On a busy machine any input can be slow: if one takes longer than this, it is run again and its CPU time counts. */
const DOUBTFUL_MS = 20;

const MOST_SHORTENING_MS = 500;

/** Removes parts of an input that do not affect its outcome, in ever smaller pieces. */
async function shortened(
  run: (input: Uint8Array) => Promise<string>,
  input: Uint8Array,
  outcome: string,
): Promise<Uint8Array> {
  let shortest = input;
  const untilMs = performance.now() + MOST_SHORTENING_MS;
  for (let length = input.length >> 1; length >= 1; length >>= 1) {
    for (let at = 0; at + length <= shortest.length && performance.now() < untilMs;) {
      const without = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + length)]);
      if ((await run(new Uint8Array(without))) === outcome) shortest = new Uint8Array(without);
      else at += length;
    }
  }
  return shortest;
}

/**
 * Feeds a target its corpus and its seeds, then mutations of them, until the time is up.
 *
 * @returns the number of inputs, and of different outcomes.
 * @throws Broken at the first input that breaks a promise.
 */
export async function fuzz({
  target,
  corpus,
  seed,
  untilMs,
  shared,
}: LoopOptions): Promise<{ readonly inputs: number; readonly outcomes: number }> {
  const random = seededRandom(seed);
  const draw = (count: number): number => Math.floor(random() * count);
  const dictionary = target.dictionary.map((word) => new Uint8Array(Buffer.from(word, "latin1")));
  const first = [...target.seeds, ...corpus.values(), new Uint8Array()];
  const inputs = [...first];
  let tried = 0;
  const once = async (input: Uint8Array): Promise<readonly [outcome: string, ms: number]> => {
    shared.begin(input);
    const startMs = performance.now();
    const outcome = target.run(input);
    return [typeof outcome === "string" ? outcome : await outcome, performance.now() - startMs];
  };
  const run = async (input: Uint8Array): Promise<string> => {
    tried += 1;
    try {
      let [outcome, ms] = await once(input);
      if (ms > DOUBTFUL_MS) {
        const before = process.cpuUsage();
        await once(input);
        const { user, system } = process.cpuUsage(before);
        ms = Math.min(ms, (user + system) / 1_000);
      }
      shared.took(ms * 1_000);
      mustHold(ms <= MOST_MS, `an input takes at most ${MOST_MS} ms; this one took ${Math.round(ms)}`);
      return outcome;
    } catch (error) {
      throw new Broken(input, error);
    }
  };
  const seen = new Set<string>();
  for (const input of first) {
    const outcome = await run(input);
    if (!seen.has(outcome)) addToCorpus(corpus, outcome, input);
    seen.add(outcome);
  }
  while (performance.now() < untilMs) {
    // The clock is only read once per batch: most targets take microseconds.
    for (let left = 32; left > 0; left -= 1) {
      const pick = (): Uint8Array => inputs[draw(inputs.length)] ?? new Uint8Array();
      const input = mutate(pick(), { draw, dictionary, other: pick(), mostBytes: target.mostBytes });
      const outcome = await run(input);
      if (seen.has(outcome)) continue;
      seen.add(outcome);
      const short = await shortened(run, input, outcome);
      addToCorpus(corpus, outcome, short);
      inputs.push(short);
    }
  }
  return { inputs: tried, outcomes: seen.size };
}
