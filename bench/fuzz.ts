// Fuzzes every parser of outside data: seeded mutations of a saved corpus (flips, splices, cuts, repeats, edge
// values, words of the format). Each target runs in its own process, which is watched for crashes, loops and
// memory. Inputs with an outcome not seen before go into tests/fixtures/corpus.
//
//   bun bench/fuzz.ts [TARGET…] [--seconds 10] [--seed 1] [--at-once 2] [--save]
//
// --save adds the counts to bench/results/fuzz.json and keeps the corpus. Exits with 1 if a promise was broken.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pLimit from "p-limit";
import { readCorpus, writeCorpus } from "../tests/support/fuzz/corpus.ts";
import { fuzz } from "../tests/support/fuzz/fuzz-loop.ts";
import type { FuzzTarget } from "../tests/support/fuzz/fuzz-target.ts";
import { openSharedInput } from "../tests/support/fuzz/shared-input.ts";
import { TARGETS } from "../tests/support/fuzz/targets.ts";
import { type Fuzzed, fuzzWatched } from "../tests/support/fuzz/watched.ts";
import { machine } from "./support.ts";

const RESULTS = join(import.meta.dir, "results/fuzz.json");

async function makeTarget(name: string): Promise<FuzzTarget> {
  const make = TARGETS[name];
  if (make === undefined)
    throw new Error(`Cannot fuzz ${name}: expected one of ${Object.keys(TARGETS).join(", ")}`);
  return make();
}

/** Runs a target in a child process, which is watched. */
async function fuzzOne(
  name: string,
  seed: number,
  seconds: number,
  path: string,
  keeps: boolean,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const target = await makeTarget(name);
  stack.defer(() => target.end?.());
  const corpus = readCorpus(name);
  const untilMs = performance.now() + seconds * 1_000;
  const result = await fuzz({ target, corpus, seed, untilMs, shared: openSharedInput(path) });
  if (keeps) writeCorpus(name, corpus);
  await Bun.write(Bun.stdout, JSON.stringify(result));
}

/** The totals of earlier runs and this one, one line per target. */
function added(before: readonly Fuzzed[], now: readonly Fuzzed[]): Fuzzed[] {
  const totals = new Map(before.map((each) => [each.target, each]));
  for (const each of now) {
    const sum = totals.get(each.target);
    totals.set(
      each.target,
      sum === undefined
        ? each
        : {
            ...each,
            elapsed_s: sum.elapsed_s + each.elapsed_s,
            inputs: sum.inputs + each.inputs,
            crashes: sum.crashes + each.crashes,
            hangs: sum.hangs + each.hangs,
            slowest_ms: Math.max(sum.slowest_ms, each.slowest_ms),
            peak_bytes: Math.max(sum.peak_bytes, each.peak_bytes),
          },
    );
  }
  return [...totals.values()].toSorted((a, b) => a.target.localeCompare(b.target));
}

function save(now: readonly Fuzzed[]): void {
  const before = existsSync(RESULTS)
    ? (JSON.parse(readFileSync(RESULTS, "utf8")) as { targets: readonly Fuzzed[] }).targets
    : [];
  writeFileSync(RESULTS, `${JSON.stringify({ machine: machine(), targets: added(before, now) }, null, 2)}\n`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    "at-once": { type: "string", default: "2" },
    save: { type: "boolean", default: false },
    child: { type: "boolean", default: false },
  },
});

if (values.child) {
  const [name = "", seed, seconds, path = ""] = positionals;
  await fuzzOne(name, Number(seed), Number(seconds), path, values.save);
  process.exit(0);
}
const names = positionals.length > 0 ? positionals : Object.keys(TARGETS);
const atOnce = pLimit(Number(values["at-once"]));
const keeping = values.save ? ["--save"] : [];
const command = [process.execPath, import.meta.filename, "--child", ...keeping];
const found = await Promise.all(
  names.map((target) =>
    atOnce(() =>
      fuzzWatched({ target, seed: Number(values.seed), seconds: Number(values.seconds), command }),
    ),
  ),
);
if (values.save) save(found);
await Bun.write(Bun.stdout, `${JSON.stringify({ targets: found }, null, 2)}\n`);
process.exit(found.some(({ fault }) => fault !== null) ? 1 : 0);
