// What several machines running the compiled binary gain from a shared history, and what sharing costs one of
// them, when the server's latency is the limit. `bun bench/shared.ts [ROUNDS]` plays one machine alone, then one,
// two and five that share one real redis-server, in turns, and writes the medians and their ratios to
// bench/results/shared.json. Needs redis-server.
import { join, resolve } from "node:path";
import { startSandbox } from "../src/upload/sandbox/server.ts";
import { writeCvs } from "../tests/support/upload/cvs.ts";
import { startRedis } from "../tests/support/net/redis.ts";
import { resultOf, startSync } from "../tests/support/upload/sync.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { median } from "../src/bench/measure/statistics.ts";
import { machine } from "./support.ts";

const ROUNDS = Number(Bun.argv[2] ?? 3);
const FILES = 300;
const PROCESSING_MS = 1_000;

/** Seconds from the common start to the end of the last machine; each has its own store. */
async function play(machines: number, isShared: boolean): Promise<number> {
  using stack = new DisposableStack();
  const cvs = stack.use(tempFolder());
  writeCvs(cvs.path, { files: FILES });
  const sandbox = stack.use(await startSandbox({ processingMs: PROCESSING_MS, refusesDuplicates: false }));
  await using redis = await startRedis();
  const shared = isShared ? { NODUPE_SHARED: `redis://127.0.0.1:${redis.port}` } : {};
  const startedMs = performance.now();
  const children = Array.from({ length: machines }, () =>
    startSync({ home: stack.use(tempFolder()), sandbox }, [cvs.path], shared),
  );
  const texts = await Promise.all(
    children.map(async (child) => ({
      stdout: await new Response(child.stdout).text(),
      stderr: await new Response(child.stderr).text(),
      exitCode: await child.exited,
    })),
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  const uploaded = texts.reduce((sum, run) => sum + resultOf(run).uploaded, 0);
  const { stored, repeats } = sandbox.stats();
  if (uploaded !== FILES || stored !== FILES || repeats > 0 || texts.some(({ exitCode }) => exitCode !== 0))
    throw new Error(`${uploaded} uploaded, ${stored} stored, ${repeats} repeats: ${texts[0]?.stderr ?? ""}`);
  return seconds;
}

const alone: number[] = [];
const shared = new Map<number, number[]>([
  [1, []],
  [2, []],
  [5, []],
]);
for (let round = 0; round < ROUNDS; round += 1) {
  alone.push(await play(1, false));
  for (const [machines, seconds] of shared) seconds.push(await play(machines, true));
}

const of = (machines: number): number => median(shared.get(machines) ?? []);
const results = {
  machine: machine(),
  rounds: ROUNDS,
  files: FILES,
  workers: 5,
  processing_ms: PROCESSING_MS,
  alone_s: median(alone),
  shared_s: { one: of(1), two: of(2), five: of(5) },
  cost_of_sharing_percent: 100 * (of(1) / median(alone) - 1),
  gain_of_two: median(alone) / of(2),
  gain_of_five: median(alone) / of(5),
};
const text = `${JSON.stringify(results, null, 2)}\n`;
await Bun.write(join(resolve(import.meta.dir, ".."), "bench/results/shared.json"), text);
await Bun.write(Bun.stdout, text);
