// Simulated power cuts: strace records the writes and syncs of the compiled binary, which are replayed up to some
// moment; what was not synced by then is lost, torn sector by sector, or reordered. Then the job continues with
// what is on the disk. `bun bench/power-cuts.ts [CUTS] [SEED] [JOB]` makes 500 cuts over three jobs: an upload (to
// a server that stores duplicates), an ingest, and the jar of NTS cookies. Writes bench/results/power-cuts.json;
// exits with 1 if anything was repeated, lost or refused.
import { join } from "node:path";
import { type CutJob, cutPower } from "../tests/support/store/power-cut/cut-job.ts";
import { cookieJob } from "../tests/support/store/power-cut/cookie-job.ts";
import { ingestJob } from "../tests/support/store/power-cut/ingest-job.ts";
import { syncJob } from "../tests/support/store/power-cut/sync-job.ts";
import { machine } from "./support.ts";

const [cuts = "500", seed = "1", only] = Bun.argv.slice(2);

const JOBS: readonly (readonly [name: string, share: number, make: () => Promise<CutJob>])[] = [
  ["sync", 0.4, syncJob],
  ["ingest", 0.3, ingestJob],
  ["cookies", 0.3, cookieJob],
];

const startMs = performance.now();
const jobs: Record<string, unknown>[] = [];
for (const [name, share, make] of JOBS) {
  if (only !== undefined && only !== name) continue;
  await using job = await make();
  const done = await cutPower(job, Math.round(Number(cuts) * share), Number(seed));
  const count = (type: string): number => done.wrong.filter((each) => each.type === type).length;
  jobs.push({
    job: name,
    cuts: done.cuts,
    operations: done.ops,
    syncs: job.ops.filter(({ type }) => type === "sync").length,
    repeated: count("repeated"),
    acknowledged_lost: count("lost"),
    stores_refused: count("refused"),
  });
  for (const each of done.wrong) process.stderr.write(`${name}: ${JSON.stringify(each).slice(0, 2_000)}\n`);
}
const results = {
  machine: machine(),
  seed: Number(seed),
  jobs,
  elapsed_s: (performance.now() - startMs) / 1_000,
};
const text = `${JSON.stringify(results, null, 2)}\n`;
if (only === undefined) await Bun.write(join(import.meta.dir, "results/power-cuts.json"), text);
await Bun.write(Bun.stdout, text);
const sums = jobs.map((job) => [job["repeated"], job["acknowledged_lost"], job["stores_refused"]]);
process.exit(sums.flat().every((sum) => sum === 0) ? 0 : 1);
