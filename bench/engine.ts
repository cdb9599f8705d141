// The effect of each request in src/lib/engine.ts: the program built with and without it, both run in turns on the
// same work. `bun bench/engine.ts` prints ratios (with / without) and writes bench/results/engine.json; takes
// about two minutes.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DEBUG_LOG, writeLog } from "../src/bench/generate-log.ts";
import { copyTree } from "../build/copy-tree.ts";
import { writeCvs } from "../tests/support/upload/cvs.ts";
import { machine, middle, type Sample, timed } from "./support.ts";

const ROOT = resolve(import.meta.dir, "..");

/** A request to the engine, and the text in engine.ts to change in order to remove it. */
interface Request {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly work: string;
  readonly rounds: number;
  readonly command: (binary: string, folder: string) => string[];
}

const scratch = mkdtempSync(join(tmpdir(), "nodupe-engine-"));
const cvs = join(scratch, "cvs");
const log = join(scratch, "node.log");
const nodes = join(scratch, "nodes.db");
const sync = (binary: string, folder: string): string[] =>
  [binary, "sync", "-q", "--sandbox", "--bulk"].concat("--db", join(folder, "store.db"), cvs);

const REQUESTS: readonly Request[] = [
  {
    name: "stay in the interpreter while a command starts",
    from: "JIT_RELUCTANCE_AT_START = 4",
    to: "JIT_RELUCTANCE_AT_START = 1",
    work: "nodupe time --offline",
    rounds: 31,
    command: (binary, folder) => [binary, "time", "--offline", "--json", "--db", join(folder, "store.db")],
  },
  {
    name: "compile late while comparing",
    from: "setJITPolicy(times)",
    to: "setJITPolicy(1)",
    work: "two nodes, a week",
    rounds: 15,
    command: (binary) => [
      binary,
      "compare",
      "a",
      "b",
      "--since",
      "2026-10-01",
      "--until",
      "2026-10-08",
      "--json",
      "--db",
      nodes,
    ],
  },
  {
    name: "hardly compile while uploading",
    from: "setJITPolicy(1_000)",
    to: "setJITPolicy(1)",
    work: "3,000 files to the sandbox in the same process",
    rounds: 5,
    command: sync,
  },
  {
    name: "collect while uploading, where memory has grown by 8 MB",
    from: "Bun.gc(true)",
    to: "Bun.gc",
    work: "3,000 files to the sandbox in the same process",
    rounds: 5,
    command: sync,
  },
  {
    name: "collect while ingesting, where memory has grown by 2 MB",
    from: "Bun.gc(true)",
    to: "Bun.gc",
    work: "ingest of a million lines",
    rounds: 5,
    command: (binary, folder) => [
      binary,
      "ingest",
      "-q",
      "--node",
      "a",
      log,
      "--db",
      join(folder, "store.db"),
    ],
  },
];

/** Builds the program with one text of engine.ts changed; null: unchanged. */
async function build(name: string, change: { from: string; to: string } | null): Promise<string> {
  const tree = join(scratch, name);
  copyTree(tree);
  if (change !== null) {
    const path = join(tree, "src/lib/engine.ts");
    const source = readFileSync(path, "utf8");
    if (!source.includes(change.from)) throw new Error(`Cannot measure: engine.ts has no ${change.from}`);
    writeFileSync(path, source.replace(change.from, change.to));
  }
  const binary = join(tree, "dist/nodupe");
  const child = Bun.spawn([process.execPath, join(tree, "build/compile.ts"), binary], { stdout: "ignore" });
  if ((await child.exited) !== 0) throw new Error(`Cannot build ${name}`);
  return binary;
}

async function sampleOf(request: Request, binary: string): Promise<Sample> {
  const folder = mkdtempSync(join(scratch, "run-"));
  const sample = await timed(request.command(binary, folder), {
    env: { NODUPE_SYNC_SETTLE: "0ms", NODUPE_COMPARE_CACHE_TTL: "0s" },
  });
  rmSync(folder, { recursive: true });
  return sample;
}

async function compare(request: Request, withIt: string, without: string): Promise<object> {
  const samples: { with: Sample[]; without: Sample[] } = { with: [], without: [] };
  for (let round = 0; round < request.rounds; round += 1) {
    samples.with.push(await sampleOf(request, withIt));
    samples.without.push(await sampleOf(request, without));
  }
  const [a, b] = [middle(samples.with), middle(samples.without)];
  const ratios = {
    wall: a.wallMs / b.wallMs,
    cpu: a.cpuMs / b.cpuMs,
    peak_memory: a.peakBytes / b.peakBytes,
  };
  const text = Object.entries(ratios).map(([name, ratio]) => `${name} ${ratio.toFixed(2)}`);
  await Bun.write(Bun.stdout, `${request.name} (${request.work}): ${text.join(", ")}\n`);
  return { request: request.name, work: request.work, rounds: request.rounds, ratios, with: a, without: b };
}

try {
  mkdirSync(cvs);
  writeCvs(cvs, { files: 3_000, maxBytes: 60_000 });
  await writeLog(log, {
    ...DEBUG_LOG,
    seed: 1,
    operations: 500_000,
    startMs: Date.UTC(2026, 9, 1),
    spanMs: 7 * 86_400_000,
  });
  const withIt = await build("with", null);
  for (const node of ["a", "b"]) await timed([withIt, "ingest", "-q", "--node", node, log, "--db", nodes]);
  const results: object[] = [];
  for (const [index, request] of REQUESTS.entries())
    results.push(await compare(request, withIt, await build(`without-${index}`, request)));
  const report = { machine: machine(), note: "ratios: with / without", results };
  await Bun.write(join(ROOT, "bench/results/engine.json"), `${JSON.stringify(report, null, 2)}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
