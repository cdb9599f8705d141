// The compiled binary watching a folder in which files continuously arrive, are moved with their folders, and are
// removed: `bun bench/watch-soak.ts [MINUTES]` (60) measures its resident memory, open handles and CPU time every
// ten seconds. Exits with 1 if a file did not arrive or arrived twice, memory grew by 2 MB or more per 10,000
// files, or handles grew. Writes bench/results/watch-soak.json, and watch-soak.svg with a plot of each.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { median } from "../src/bench/measure/statistics.ts";
import { seededRandom } from "../src/lib/seeded-random.ts";
import { startSandbox } from "../src/upload/sandbox/server.ts";
import { startSync } from "../tests/support/upload/sync.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { until } from "../tests/support/until.ts";
import { linePlot } from "./line-plot.ts";
import { machine } from "./support.ts";

const MINUTES = Number(Bun.argv[2] ?? 60);
const SAMPLE_EVERY_MS = 10_000;
const SAMPLES_A_MINUTE = 6;
const ARRIVALS_EVERY_MS = 500;
const ARRIVALS_AT_ONCE = 25;
const FILES_A_FOLDER = 200;
/** Nothing arrives while more than this is still to be uploaded: on a busy machine a folder would be removed before. */
const MOST_BEHIND = 2_000;
/**
 * A folder is renamed once this many have come after it, and removed after more: the tree keeps the size of an
 * office's.
 */
const RENAMED_AFTER = 5;
const REMOVED_AFTER = 100;
/** Growth is not counted in the first part of the run, while memory is still settling. */
const SETTLING_SHARE = 1 / 6;
const MOST_GROWTH_MB = 2;
const MOST_NEW_HANDLES = 5;

interface Sample {
  readonly minute: number;
  readonly files: number;
  readonly residentMb: number;
  readonly anonymousMb: number;
  readonly handles: number;
  readonly processorS: number;
}

const random = seededRandom(1);
using home = tempFolder();
using cvs = tempFolder();
using sandbox = await startSandbox({ processingMs: 20, refusesDuplicates: false });
const child = startSync({ home, sandbox }, ["--watch", "--settle", "1s", "--rescan", "5m", cvs.path]);
void new Response(child.stdout).text();
void new Response(child.stderr).text();

const samples: Sample[] = [];
let arrived = 0;

function sample(minute: number): void {
  const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
  const megabytes = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1_024;
  const [, fields = ""] = /\) (.*)/.exec(readFileSync(`/proc/${child.pid}/stat`, "latin1")) ?? [];
  const [user, system] = fields.split(" ").slice(11, 13).map(Number);
  samples.push({
    minute,
    files: arrived,
    residentMb: megabytes("VmRSS"),
    anonymousMb: megabytes("RssAnon"),
    handles: readdirSync(`/proc/${child.pid}/fd`).length,
    processorS: ((user ?? 0) + (system ?? 0)) / 100,
  });
}

/** Creates a file in place, or elsewhere and then renames it; in an existing folder or a new one. */
function arrive(): void {
  const at = Math.floor(arrived / FILES_A_FOLDER);
  if (arrived % FILES_A_FOLDER === 0) {
    const [renamed, removed] = [at - RENAMED_AFTER, at - REMOVED_AFTER];
    if (renamed >= 0) renameSync(join(cvs.path, `${renamed}`), join(cvs.path, `done ${renamed}`));
    if (removed >= 0) rmSync(join(cvs.path, `done ${removed}`), { recursive: true });
  }
  const folder = join(cvs.path, `${at}`, `${Math.floor(random() * 5)}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `cv_${arrived}.txt`);
  const text = `${arrived} `.repeat(200 + Math.floor(random() * 2_000));
  if (random() < 0.5) writeFileSync(path, text);
  else {
    writeFileSync(join(folder, `.cv_${arrived}.tmp`), text);
    renameSync(join(folder, `.cv_${arrived}.tmp`), path);
  }
  arrived += 1;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resume) => {
    setTimeout(resume, ms);
  });
}

const startedMs = performance.now();
let sampledMs = startedMs;
for (let passedMs = 0; passedMs < MINUTES * 60_000; passedMs = performance.now() - startedMs) {
  const room = sandbox.stats().stored + MOST_BEHIND - arrived;
  for (let file = 0; file < Math.min(ARRIVALS_AT_ONCE, room); file += 1) arrive();
  await sleep(ARRIVALS_EVERY_MS);
  if (performance.now() - sampledMs < SAMPLE_EVERY_MS) continue;
  sampledMs = performance.now();
  sample(passedMs / 60_000);
}
await until(() => sandbox.stats().stored === arrived, "all have arrived", 120_000).catch(() => undefined);
child.kill("SIGTERM");
await child.exited;

const rounded = (value: number): number => Math.round(value * 100) / 100;
const medianOf = (of: readonly Sample[], value: (sample: Sample) => number): number =>
  rounded(median(of.map(value)));
const mostOf = (of: readonly Sample[], value: (sample: Sample) => number): number =>
  rounded(Math.max(...of.map(value)));

/** The change of a value in MB per 10,000 files, between the medians of an early part and of the last one. */
function growth(value: (sample: Sample) => number): number {
  const size = Math.max(1, Math.floor(samples.length * SETTLING_SHARE));
  const early = samples.slice(size, 2 * size);
  const late = samples.slice(-size);
  const files = medianOf(late, (at) => at.files) - medianOf(early, (at) => at.files);
  return rounded(((medianOf(late, value) - medianOf(early, value)) / files) * 10_000);
}

const minutes = Array.from({ length: Math.ceil(samples.length / SAMPLES_A_MINUTE) }, (_, at) =>
  samples.slice(at * SAMPLES_A_MINUTE, (at + 1) * SAMPLES_A_MINUTE),
);
const thirds = [0, 1, 2].map((at) =>
  samples.slice(Math.floor((at * samples.length) / 3), Math.floor(((at + 1) * samples.length) / 3)),
);
const { stored, repeats } = sandbox.stats();
const newHandles =
  medianOf(thirds[2] ?? [], (at) => at.handles) - medianOf(thirds[0] ?? [], (at) => at.handles);
const results = {
  machine: machine(),
  minutes: MINUTES,
  files: arrived,
  lost: arrived - stored,
  repeats,
  exit_code: child.exitCode,
  growth_mb_per_10000_files: {
    resident: growth((at) => at.residentMb),
    anonymous: growth((at) => at.anonymousMb),
  },
  by_third: thirds.map((of) => ({
    resident_mb: { median: medianOf(of, (at) => at.residentMb), most: mostOf(of, (at) => at.residentMb) },
    anonymous_mb: { median: medianOf(of, (at) => at.anonymousMb), most: mostOf(of, (at) => at.anonymousMb) },
    handles: { median: medianOf(of, (at) => at.handles), most: mostOf(of, (at) => at.handles) },
    processor_ms_per_file: rounded(
      (((of.at(-1)?.processorS ?? 0) - (of[0]?.processorS ?? 0)) * 1_000) /
        ((of.at(-1)?.files ?? 0) - (of[0]?.files ?? 0)),
    ),
  })),
  by_minute: {
    files: minutes.map((of) => of.at(-1)?.files ?? 0),
    resident_mb: minutes.map((of) => medianOf(of, (at) => at.residentMb)),
    anonymous_mb: minutes.map((of) => medianOf(of, (at) => at.anonymousMb)),
    handles: minutes.map((of) => mostOf(of, (at) => at.handles)),
  },
};
const folder = join(resolve(import.meta.dir, ".."), "bench/results");
const plot = linePlot(`${arrived} files in ${MINUTES} minutes, watched`, [
  { name: "resident MB", points: samples.map(({ minute, residentMb }) => [minute, residentMb]) },
  { name: "of it anonymous MB", points: samples.map(({ minute, anonymousMb }) => [minute, anonymousMb]) },
  { name: "open handles", points: samples.map(({ minute, handles }) => [minute, handles]) },
]);
await Bun.write(join(folder, "watch-soak.svg"), plot);
const text = `${JSON.stringify(results, null, 2)}\n`;
await Bun.write(join(folder, "watch-soak.json"), text);
await Bun.write(Bun.stdout, text);
const isGrowing =
  results.growth_mb_per_10000_files.resident >= MOST_GROWTH_MB || newHandles > MOST_NEW_HANDLES;
if (results.lost > 0 || repeats > 0 || child.exitCode !== 143 || isGrowing) process.exitCode = 1;
