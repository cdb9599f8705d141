import type { Database } from "bun:sqlite";
import { ingestOptions } from "../nodes/ingest/options.ts";
import { ingestFiles, openIngestion } from "../nodes/ingest/ingest-run.ts";
import { defaultsOf } from "./defaults.ts";

/** Reads a log into a store as `nodupe ingest` does, with its defaults. Returns how many operations have ended. */
export async function ingestLog(
  db: Database,
  node: string,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  const { openLimit, maxOpen, workerFrom } = defaultsOf(ingestOptions);
  using to = openIngestion(db, node, { openLimitMs: openLimit, maxOpen, workerFromBytes: workerFrom });
  const { counts } = await ingestFiles(to, [path], { signal, reasonOf: () => null });
  return counts.events;
}
