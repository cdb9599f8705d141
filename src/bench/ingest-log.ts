import type { Database } from "bun:sqlite";
import { pairingOptions } from "../nodes/ingest/options.ts";
import { ingestFiles } from "../nodes/ingest/ingest-run.ts";
import { Ingestion } from "../nodes/ingest/ingestion.ts";
import { defaultsOf } from "../settings/defaults.ts";

/** Reads a log into a store like `nodupe ingest` with its defaults. Returns the number of finished operations. */
export async function ingestLog(
  db: Database,
  node: string,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  using to = new Ingestion(db, node, defaultsOf(pairingOptions));
  const { counts } = await ingestFiles(to, [path], { signal, reasonOf: () => null });
  return counts.events;
}
