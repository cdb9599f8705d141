// The compiled binary as it watches a folder in which files arrive all the time: `bun bench/watch-soak.ts [MINUTES]` (60)
// measures its resident memory, open handles and processor time every ten seconds, ends with 1 where a file did not
// arrive or arrived twice, and writes bench/results/watch-soak.json with a plot of each.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { sparkline } from "../src/lib/format/sparkline.ts";
import { seededRandom } from "../src/lib/seeded-random.ts";
import { startSandbox } from "../src/upload/sandbox/server.ts";
import { startSync } from "../tests/support/sync.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { until } from "../tests/support/until.ts";
import { machine } from "./support.ts";

const MINUTES = Number(Bun.argv[2] ?? 60);
const SAMPLE_EVERY_MS = 10_000;
const ARRIVALS_EVERY_MS = 500;
const ARRIVALS_AT_ONCE = 5;
const PLOTTED = 60;

const random = seededRandom(1);
using home = tempFolder();
using cvs = tempFolder();
using sandbox = await startSandbox({ processingMs: 100, refusesDuplicates: false });
const child = startSync({ home, sandbox }, ["--watch", "--settle", "1s", "--rescan", "5m", cvs.path]);
void new Response(child.stdout).text();
void new Response(child.stderr).text();

const memory: number[] = [];
const handles: number[] = [];
const processor: number[] = [];

function sample(): void {
  const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
  memory.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
  handles.push(readdirSync(`/proc/${child.pid}/fd`).length);
  const [, fields = ""] = /\) (.*)/.exec(readFileSync(`/proc/${child.pid}/stat`, "latin1")) ?? [];
  const [user, system] = fields.split(" ").slice(11, 13).map(Number);
  processor.push(((user ?? 0) + (system ?? 0)) / 100);
}

let arrived = 0;
/** A file that is written in place, or beside and then renamed; in a folder that is there, or new. */
function arrive(): void {
  const folder = join(cvs.path, `${Math.floor(arrived / 200)}`, `${Math.floor(random() * 5)}`);
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
while (performance.now() - startedMs < MINUTES * 60_000) {
  for (let file = 0; file < ARRIVALS_AT_ONCE; file += 1) arrive();
  await sleep(ARRIVALS_EVERY_MS);
  if (performance.now() - sampledMs < SAMPLE_EVERY_MS) continue;
  sampledMs = performance.now();
  sample();
}
await until(() => sandbox.stats().stored === arrived, "all have arrived", 120_000).catch(() => undefined);
sample();
child.kill("SIGTERM");
await child.exited;

function plot(values: readonly number[]): string {
  const step = Math.max(1, values.length / PLOTTED);
  const picked = Array.from(
    { length: Math.min(PLOTTED, values.length) },
    (_, at) => values[Math.floor(at * step)] ?? 0,
  );
  return sparkline(picked);
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
/** What was reached in a third of the soak. */
const third = (values: readonly number[], which: 0 | 1 | 2): number => {
  const size = Math.floor(values.length / 3);
  return rounded(Math.max(...values.slice(which * size, which === 2 ? undefined : (which + 1) * size)));
};
const { stored, repeats } = sandbox.stats();
const results = {
  machine: machine(),
  minutes: MINUTES,
  files: arrived,
  lost: arrived - stored,
  repeats,
  exit_code: child.exitCode,
  resident_mb: {
    plot: plot(memory),
    first: rounded(memory[0] ?? 0),
    most_by_third: [0, 1, 2].map((at) => third(memory, at as 0)),
  },
  handles: {
    plot: plot(handles),
    first: handles[0],
    most_by_third: [0, 1, 2].map((at) => third(handles, at as 0)),
  },
  processor_s: rounded(processor.at(-1) ?? 0),
};
const text = `${JSON.stringify(results, null, 2)}\n`;
await Bun.write(join(resolve(import.meta.dir, ".."), "bench/results/watch-soak.json"), text);
await Bun.write(Bun.stdout, text);
if (results.lost > 0 || repeats > 0 || child.exitCode !== 143) process.exitCode = 1;
