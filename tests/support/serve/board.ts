import { DEBUG_LOG, writeLog } from "../../../src/bench/generate-log.ts";
import { nodupe } from "../run.ts";
import type { TempFolder } from "../temp.ts";

const HOUR_MS = 3_600_000;

/** A store with two nodes over the last two days, of which `pi-2` is twice as slow, and a few uploads. */
export async function boardStore(folder: TempFolder): Promise<string> {
  const db = folder.file("store.db");
  const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 48 * HOUR_MS;
  for (const [seed, node] of ["pi-1", "pi-2"].entries()) {
    await writeLog(folder.file(`${node}.log`), {
      ...DEBUG_LOG,
      seed,
      operations: 6_000,
      startMs,
      spanMs: 48 * HOUR_MS,
      latencyMs: 100 + 100 * seed,
    });
    const run = await nodupe(["ingest", "--node", node, folder.file(`${node}.log`), "--db", db, "-q"]);
    if (run.exitCode !== 0) throw new Error(`Cannot make a board: ${run.stderr}`);
  }
  const run = await nodupe(["sync", "--sandbox", "examples/cvs", "--db", db, "-q"]);
  if (run.exitCode !== 0) throw new Error(`Cannot make a board: ${run.stderr}`);
  return db;
}
