import { DEBUG_LOG, writeLog } from "../../../src/bench/generate-log.ts";
import { nodupe } from "../run.ts";
import type { TempFolder } from "../temp.ts";

const HOUR_MS = 3_600_000;

/** Ingests a generated log of the last two days into stores; `latencyMs` makes nodes differ. */
export async function ingestNode(
  folder: TempFolder,
  node: {
    readonly name: string;
    readonly seed: number;
    readonly latencyMs: number;
    readonly operations?: number;
  },
  dbs: readonly string[],
): Promise<void> {
  const log = folder.file(`${node.name}.log`);
  await writeLog(log, {
    ...DEBUG_LOG,
    seed: node.seed,
    operations: node.operations ?? 6_000,
    startMs: Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 48 * HOUR_MS,
    spanMs: 48 * HOUR_MS,
    latencyMs: node.latencyMs,
  });
  for (const db of dbs) {
    const run = await nodupe(["ingest", "--node", node.name, log, "--db", db, "-q"]);
    if (run.exitCode !== 0) throw new Error(`Cannot make a node: ${run.stderr}`);
  }
}
