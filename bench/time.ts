// `bun bench/time.ts [start|wall|precision|local]`: nodupe time compared with chronyd -Q and ntpdig; writes
// bench/results/time.json.
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { machine } from "./support.ts";
import { startCost } from "./time-start.ts";
import { localFigures } from "./time-local.ts";
import { precision } from "./time-precision.ts";
import { type WallTimes, wallTimes } from "./time-wall.ts";

const WALL_RUNS = 25;
const PRECISION_RUNS = 200;
const START_RUNS = 60;

interface Ratio {
  readonly name: string;
  readonly ratio: number;
  readonly goal: string;
}

function print(line: string): Promise<number> {
  return Bun.write(Bun.stdout, `${line}\n`);
}

function ratiosOf({ times, half_dead: halfDead, all_alive: allAlive }: WallTimes): Ratio[] {
  const of = (name: string): number =>
    times.find((time) => time.name.startsWith(name))?.median_ms ?? Number.NaN;
  const half = of("nodupe, half");
  return [
    {
      name: "chronyd -Q (one sample) / nodupe",
      ratio: of("chronyd -Q, one sample") / half,
      goal: "at least 4",
    },
    { name: "chronyd -Q (iburst) / nodupe", ratio: of("chronyd -Q, iburst") / half, goal: "told" },
    { name: "ntpdig / nodupe", ratio: of("ntpdig") / half, goal: "at least 100" },
    {
      name: "round trips beyond start-up, half dead",
      ratio: halfDead.round_trips,
      goal: "at most 3.5",
    },
    {
      name: "round trips beyond start-up, all alive",
      ratio: allAlive.round_trips,
      goal: "under 2",
    },
  ];
}

async function main(parts: readonly string[]): Promise<void> {
  const wants = (part: string): boolean => parts.length === 0 || parts.includes(part);
  const path = join(import.meta.dir, "results/time.json");
  const file = Bun.file(path);
  const before: unknown = (await file.exists()) ? await file.json() : {};
  const results: Record<string, unknown> = { ...(before as object) };
  results["machine"] = machine();
  if (wants("local")) {
    const local = localFigures();
    results["local"] = local;
    await print(
      `FastDate64: ${(local.encodings_a_second / 1e6).toFixed(1)} M encodings a second (goal: 5 M)`,
    );
    await print(`FastDate64: ${(local.decodings_a_second / 1e6).toFixed(1)} M decodings a second`);
    const ratio = local.full_walk_ms / local.targeted_scan_ms;
    await print(`full walk / targeted scan of 20,000 files: ${ratio.toFixed(0)} (goal: at least 10)`);
  }
  if (wants("start")) {
    const [loadBefore = 0] = loadavg();
    const cost = await startCost(START_RUNS);
    results["start"] = { load_average_before: loadBefore, ...cost };
    const ratios = [
      ["wall", cost.wall_ratio, cost.best_wall_ratio],
      ["CPU", cost.cpu_ratio, cost.best_cpu_ratio],
    ] as const;
    for (const [what, ratio, best] of ratios) {
      const text = `${ratio.toFixed(2)}, of the best runs ${best.toFixed(2)}`;
      await print(`a run over loopback / the help, ${what}: ${text} (goal: at most 1.7)`);
    }
  }
  if (wants("precision")) {
    const errors = await precision(PRECISION_RUNS);
    results["precision"] = errors;
    for (const { name, median_us, p99_us, runs } of errors) {
      await print(
        `${name}: median ${median_us.toFixed(1)} µs, p99 ${p99_us.toFixed(1)} µs (${runs} runs, cores busy)`,
      );
    }
  }
  if (wants("wall")) {
    // The machine's other load: if it is overloaded, wall times mean little.
    const [loadBefore = 0] = loadavg();
    const wall = await wallTimes(WALL_RUNS);
    const ratios = ratiosOf(wall);
    results["wall"] = { load_average_before: loadBefore, ...wall, ratios };
    await print(`load average before: ${loadBefore.toFixed(1)} on ${cpus().length} cores`);
    for (const { name, ...run } of [wall.half_dead, wall.all_alive]) {
      const [wallMs, startMs, tripMs] = [run.wall_ms, run.start_up_ms, run.round_trip_ms];
      const beyond = `${wallMs.toFixed(1)} ms, start-up ${startMs.toFixed(1)}, round trip ${tripMs.toFixed(1)}`;
      await print(
        `${name}: ${beyond} (medians of ${run.runs}; best quarter ${run.best_round_trips.toFixed(2)})`,
      );
    }
    for (const { name, median_ms, best_ms, p95_ms, runs } of wall.times) {
      const spread = `best ${best_ms.toFixed(1)}, p95 ${p95_ms.toFixed(1)}, ${runs} runs`;
      await print(`${name}: ${median_ms.toFixed(1)} ms (${spread})`);
    }
    for (const { name, ratio, goal } of ratios) await print(`${name}: ${ratio.toFixed(2)} (goal: ${goal})`);
  }
  await Bun.write(path, `${JSON.stringify(results, null, 2)}\n`);
}

await main(process.argv.slice(2));
process.exit(0);
