// What fits into a board's spare memory: with 64 MB and no swap (a memory cgroup, which needs root), 10,000 CVs are
// uploaded, a log of 150 MB is read, and two nodes are compared. The kernel kills a process that needs more. `bun
// bench/small-memory.ts [MEGABYTES]` writes bench/results/small-memory.json and exits with 1 if a job failed.
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEBUG_LOG, writeLog } from "../src/bench/generate-log.ts";
import { startSandbox } from "../src/upload/sandbox/server.ts";
import { BINARY } from "../tests/support/binary.ts";
import { writeCvs } from "../tests/support/upload/cvs.ts";
import { runCommand } from "../tests/support/run.ts";
import { syncEnvironment } from "../tests/support/upload/sync.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { machine } from "./support.ts";

const MEGABYTES = Number(Bun.argv[2] ?? 64);
const HOUR_MS = 3_600_000;
const CVS = 10_000;
/** A debug log has two lines per operation, some 400 bytes each. */
const OPERATIONS = 245_000;

/** A cgroup (version 2 or 1) whose processes share this much memory. */
function makeGroup(bytes: number): { readonly path: string; peak(): number } {
  const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const path = join(isV2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", `nodupe-${process.pid}`);
  mkdirSync(path);
  const limits = isV2 ? { "memory.max": bytes, "memory.swap.max": 0 } : { "memory.limit_in_bytes": bytes };
  for (const [name, value] of Object.entries(limits))
    if (existsSync(join(path, name))) writeFileSync(join(path, name), String(value));
  const peakFile = join(path, isV2 ? "memory.peak" : "memory.max_usage_in_bytes");
  return { path, peak: () => (existsSync(peakFile) ? Number(readFileSync(peakFile, "utf8")) : Number.NaN) };
}

using folder = tempFolder();
const group = makeGroup(MEGABYTES * 1_048_576);
using sandbox = await startSandbox({ latencyMs: 5 });
mkdirSync(folder.file("cvs"));
writeCvs(folder.file("cvs"), { files: CVS, minBytes: 20_000, maxBytes: 200_000 });
for (const [seed, name] of ["a", "b"].entries())
  await writeLog(folder.file(`${name}.log`), {
    ...DEBUG_LOG,
    seed: seed + 1,
    operations: OPERATIONS,
    startMs: Date.UTC(2026, 0, 1),
    spanMs: 7 * 24 * HOUR_MS,
  });
const db = folder.file("nodupe.db");
const env = syncEnvironment({ home: folder, sandbox });
const JOBS: Readonly<Record<string, readonly string[]>> = {
  sync: ["sync", folder.file("cvs"), "--bulk", "-q"],
  ingest: ["ingest", "--node", "a", folder.file("a.log"), "-q"],
  "ingest another": ["ingest", "--node", "b", folder.file("b.log"), "-q"],
  compare: ["compare", "a", "b", "--since", "2026-01-01T00:00:00Z", "--until", "2026-01-08T00:00:00Z"],
};
const jobs: Record<string, unknown>[] = [];
for (const [name, args] of Object.entries(JOBS)) {
  const command = [
    "sh",
    "-c",
    'echo $$ > "$0/cgroup.procs"; exec "$@"',
    group.path,
    BINARY,
    ...args,
    "--db",
    db,
  ];
  const startMs = performance.now();
  const run = await runCommand(command, { env });
  jobs.push({ job: name, exit_code: run.exitCode, elapsed_s: (performance.now() - startMs) / 1_000 });
  if (run.exitCode !== 0) process.stderr.write(`${name}: ${run.exitCode} ${run.stderr}\n`);
}
const results = {
  machine: machine(),
  limit_bytes: MEGABYTES * 1_048_576,
  log_bytes: statSync(folder.file("a.log")).size,
  uploaded: sandbox.stored().size,
  peak_bytes: group.peak(),
  jobs,
};
rmdirSync(group.path);
const text = `${JSON.stringify(results, null, 2)}\n`;
await Bun.write(join(import.meta.dir, "results/small-memory.json"), text);
await Bun.write(Bun.stdout, text);
process.exit(jobs.every((job) => job["exit_code"] === 0) ? 0 : 1);
