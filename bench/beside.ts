// `bun bench/beside.ts OTHER_BINARY [ROUNDS]` (after `bun run build`): starting up, measuring a clock on this
// machine, comparing nodes, and a second run over known files, each beside another build of the program in the
// same run, in turns. bench/upload-cost.ts and bench/ingest.ts do the same for uploads and ingest. Copy both
// binaries first: of an older file, more pages are in memory. Writes bench/results/beside.json.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { DEBUG_LOG, writeLog } from "../src/bench/generate-log.ts";
import { HOUR_MS } from "../src/nodes/log/vocabulary.ts";
import { startSandbox } from "../src/upload/sandbox/server.ts";
import { startChronyd } from "../tests/support/time/chronyd.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { writeCvs } from "../tests/support/upload/cvs.ts";
import { machine, middle, type Sample, timed } from "./support.ts";

const ROOT = resolve(import.meta.dir, "..");
const [, , other, rounds = "25"] = Bun.argv;
if (other === undefined) throw new Error("usage: bun bench/beside.ts OTHER_BINARY [ROUNDS]");

const KNOWN_FILES = 10_000;
const DAYS = 7;
const OPERATIONS_AN_HOUR = 1_000;

using folder = tempFolder();
await using server = await startChronyd();
using sandbox = await startSandbox();

const cvs = folder.file("cvs");
mkdirSync(cvs);
writeCvs(cvs, { files: KNOWN_FILES, minBytes: 500, maxBytes: 2_000 });
const untilMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const spanMs = DAYS * 24 * HOUR_MS;
const nodes = ["a", "b"];
for (const [seed, node] of nodes.entries())
  await writeLog(folder.file(`${node}.log`), {
    ...DEBUG_LOG,
    seed,
    operations: DAYS * 24 * OPERATIONS_AN_HOUR,
    startMs: untilMs - spanMs,
    spanMs,
  });

/** A build of the program, with a store of its own that holds two nodes and a history of uploads. */
class Build {
  readonly #binary: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(binary: string, name: string) {
    this.#binary = join(folder.path, `${name}-nodupe`);
    Bun.spawnSync(["cp", binary, this.#binary]);
    this.#env = {
      HOME: folder.file(name),
      NODUPE_DB: folder.file(`${name}.db`),
      NODUPE_COMPARE_CACHE_TTL: "0s",
      TANOVA_API_KEY: sandbox.apiKey,
    };
  }

  run(args: readonly string[]): Promise<Sample> {
    return timed([this.#binary, ...args], { env: this.#env });
  }
}

const builds = {
  now: new Build(join(ROOT, "dist/nodupe"), "now"),
  other: new Build(resolve(other), "other"),
};
const sync = ["sync", "-q", "--json", "--bulk", "--url", sandbox.url, cvs];
for (const build of Object.values(builds)) {
  for (const node of nodes) await build.run(["ingest", "--json", "--node", node, folder.file(`${node}.log`)]);
  await build.run(sync);
}

const CASES: Readonly<Record<string, readonly string[]>> = {
  "--version": ["--version"],
  "--help": ["--help"],
  "time, one server on this machine": ["time", "--json", "--server", server.name],
  "compare, 2 nodes, 7 days, uncached": ["compare", ...nodes, "--json", "--last", "7d"],
  "sync, 10,000 known files": sync,
};

const results: Record<string, unknown>[] = [];
for (const [name, args] of Object.entries(CASES)) {
  const samples: Record<keyof typeof builds, Sample[]> = { now: [], other: [] };
  for (const build of Object.values(builds)) await build.run(args);
  for (let round = 0; round < Number(rounds); round += 1) {
    const order = round % 2 === 0 ? (["now", "other"] as const) : (["other", "now"] as const);
    for (const which of order) samples[which].push(await builds[which].run(args));
  }
  const [now, before] = [middle(samples.now), middle(samples.other)];
  results.push({
    name,
    wall_ms: Math.round(now.wallMs * 10) / 10,
    times_other_wall: Math.round((now.wallMs / before.wallMs) * 100) / 100,
    times_other_cpu: Math.round((now.cpuMs / before.cpuMs) * 100) / 100,
    times_other_peak: Math.round((now.peakBytes / before.peakBytes) * 100) / 100,
  });
}
const text = JSON.stringify({ machine: machine(), rounds: Number(rounds), results }, null, 2);
await Bun.write(join(ROOT, "bench/results/beside.json"), `${text}\n`);
await Bun.write(Bun.stdout, `${Bun.inspect.table(results)}\n`);
