// The compiled binary watching under pressure: `bun bench/watch.ts [CASE…]` plays a burst of 40,000 files, 10,000
// files with a server that fails for 60 s in the middle, and a tree of 100,000 folders; exits with 1 if a file was
// lost or sent twice, and writes bench/results/watch.json.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { startSandbox } from "../src/upload/sandbox/server.ts";
import { linesOf } from "../tests/support/lines.ts";
import { startRelay } from "../tests/support/net/relay.ts";
import { startSync } from "../tests/support/upload/sync.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { until } from "../tests/support/until.ts";
import { machine, peakBytesOf } from "./support.ts";

const MB = 1_024 ** 2;
const PATIENCE_MS = 600_000;

function sleep(ms: number): Promise<void> {
  return new Promise((resume) => {
    setTimeout(resume, ms);
  });
}

interface Watching {
  readonly child: ReturnType<typeof startSync>;
  /** Resolves when it reports that it is watching. */
  readonly ready: Promise<void>;
  /** Resolves when the first pass has printed its result. */
  readonly passed: Promise<void>;
}

function watch(test: Parameters<typeof startSync>[0], args: readonly string[]): Watching {
  const child = startSync(test, ["--watch", ...args]);
  const { promise: ready, resolve: tell } = Promise.withResolvers<void>();
  void (async () => {
    for await (const line of linesOf(child.stderr)) if (line.includes("watching ")) tell();
  })();
  const { promise: passed, resolve: tellPassed } = Promise.withResolvers<void>();
  void (async () => {
    for await (const line of linesOf(child.stdout)) if (line !== "") tellPassed();
  })();
  return { child, ready, passed };
}

async function end({ child }: Watching): Promise<number> {
  const peak = peakBytesOf(child.pid) / MB;
  child.kill("SIGTERM");
  await child.exited;
  return Math.round(peak * 10) / 10;
}

function writeFiles(folder: string, from: number, to: number): void {
  for (let file = from; file < to; file += 1) {
    const place = join(folder, `${Math.floor(file / 100)}`);
    if (file % 100 === 0) mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `cv_${file}.txt`), `the ${file}th of them\n`.repeat(20));
  }
}

/** Files all written at once while it watches. */
async function burst(files: number) {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ refusesDuplicates: false });
  const watching = watch({ home, sandbox }, ["--bulk", cvs.path]);
  await watching.ready;
  const startedMs = performance.now();
  writeFiles(cvs.path, 0, files);
  const writtenS = (performance.now() - startedMs) / 1_000;
  await until(() => sandbox.stats().stored >= files, "all are there", PATIENCE_MS).catch(() => undefined);
  const seconds = (performance.now() - startedMs) / 1_000;
  const { stored, repeats } = sandbox.stats();
  return { files, written_s: writtenS, seconds, lost: files - stored, repeats, peak_mb: await end(watching) };
}

/** Files that arrive while the server is away for a while. */
async function outage(files: number, awayMs: number) {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ processingMs: 20, refusesDuplicates: false });
  const { port } = new URL(sandbox.url);
  using relay = await startRelay(Number(port));
  const server = { url: `http://127.0.0.1:${relay.port}`, apiKey: sandbox.apiKey };
  const watching = watch({ home, sandbox: server }, ["--ambiguous-wait", "5s", cvs.path]);
  await watching.ready;
  const startedMs = performance.now();
  const step = files / 100;
  let isAway = false;
  const away = async (): Promise<void> => {
    // Nothing listens on port 1.
    relay.lead(1);
    await sleep(awayMs);
    relay.lead(Number(port));
  };
  let back: Promise<void> = Promise.resolve();
  for (let at = 0; at < 100; at += 1) {
    writeFiles(cvs.path, at * step, (at + 1) * step);
    if (!isAway && at === 40) {
      isAway = true;
      back = away();
    }
    await sleep(200);
  }
  await back;
  await until(() => sandbox.stats().stored >= files, "all are there", PATIENCE_MS).catch(() => undefined);
  const seconds = (performance.now() - startedMs) / 1_000;
  const { stored, repeats } = sandbox.stats();
  return {
    files,
    away_s: awayMs / 1_000,
    seconds,
    lost: files - stored,
    repeats,
    peak_mb: await end(watching),
  };
}

function cpuS(pid: number): number {
  const [, fields = ""] = /\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
  const [user, system] = fields.split(" ").slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) / 100;
}

/**
 * A tree with many folders: when it is being watched, with how much memory, and what that costs while nothing happens.
 */
async function folders(count: number) {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ refusesDuplicates: false });
  for (let at = 0; at < count / 100; at += 1) {
    const outer = join(cvs.path, `${at}`);
    mkdirSync(outer);
    for (let inner = 1; inner < 100; inner += 1) mkdirSync(join(outer, `${inner}`));
  }
  const startedMs = performance.now();
  const watching = watch({ home, sandbox }, [cvs.path]);
  await watching.ready;
  const readyS = (performance.now() - startedMs) / 1_000;
  const readyCpuS = cpuS(watching.child.pid);
  await watching.passed;
  await sleep(5_000);
  const idleFromS = cpuS(watching.child.pid);
  await sleep(20_000);
  const idleCpuMs = ((cpuS(watching.child.pid) - idleFromS) * 1_000) / 20;
  writeFileSync(join(cvs.path, "7", "7", "late.txt"), "late");
  await until(() => sandbox.stats().stored === 1, "what arrives is uploaded", 60_000);
  return {
    folders: count,
    ready_s: readyS,
    ready_cpu_s: readyCpuS,
    idle_cpu_ms_per_s: idleCpuMs,
    lost: 0,
    repeats: 0,
    peak_mb: await end(watching),
  };
}

const CASES = {
  burst: () => burst(40_000),
  outage: () => outage(10_000, 60_000),
  folders: () => folders(100_000),
} as const;

const asked = Bun.argv.slice(2);
const path = join(resolve(import.meta.dir, ".."), "bench/results/watch.json");
const before = (await Bun.file(path).exists())
  ? ((await Bun.file(path).json()) as Record<string, unknown>)
  : {};
const results: Record<string, unknown> = { ...before, machine: machine() };
let isWrong = false;
for (const [name, play] of Object.entries(CASES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const result = await play();
  results[name] = result;
  isWrong ||= result.lost > 0 || result.repeats > 0;
}
const text = `${JSON.stringify(results, null, 2)}\n`;
await Bun.write(path, text);
await Bun.write(Bun.stdout, text);
if (isWrong) process.exitCode = 1;
