import type { Database } from "bun:sqlite";
import { BatchWriter } from "./write.ts";
import { addCounts, createCounts, FileIngest, type IngestCounts, type Ingestion } from "./ingest.ts";
import type { PairingSettings } from "./options.ts";
import { leaseNode, loadPairState, releaseNode, SatelliteIds } from "../store/node-store.ts";
import { openSource } from "./source.ts";

/** A node that this process ingests into: its lease is held until it is disposed of. */
export interface NodeIngestion extends Disposable, Ingestion {}

export function openIngestion(db: Database, name: string, limits: PairingSettings): NodeIngestion {
  const node = leaseNode(db, name);
  return {
    db,
    node,
    state: loadPairState(db, node.id),
    writer: new BatchWriter(db, node),
    satellites: new SatelliteIds(db),
    limits,
    [Symbol.dispose]: () => releaseNode(db, node.id),
  };
}

export interface FilesResult {
  readonly counts: IngestCounts;
  /** Files read to their end. */
  readonly files: number;
  /** Why files were not read to their end. */
  readonly failures: readonly { path: string; reason: string }[];
  readonly interrupted: boolean;
}

export interface ReadFilesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told after every batch: the counts so far. */
  readonly onProgress?: ((counts: IngestCounts) => void) | undefined;
  /** What a failure of one file says; it is thrown on where this answers null. */
  readonly reasonOf: (error: unknown) => string | null;
}

/** Reads the files one after another (lines of one node must be met in order), each from its checkpoint on. */
export async function ingestFiles(
  to: Ingestion,
  paths: readonly string[],
  options: ReadFilesOptions,
): Promise<FilesResult> {
  const counts = createCounts();
  const failures: { path: string; reason: string }[] = [];
  let files = 0;
  for (const path of paths) {
    if (options.signal?.aborted === true) return { counts, files, failures, interrupted: true };
    using source = openSource(path);
    const file = new FileIngest(to, source);
    const onBatch = (): void => {
      const sum = createCounts();
      addCounts(sum, counts);
      addCounts(sum, file.counts);
      options.onProgress?.(sum);
    };
    try {
      const isWhole = await file.readToEnd({ isLast: true, signal: options.signal, onBatch });
      if (isWhole) files += 1;
    } catch (error) {
      const reason = options.reasonOf(error);
      if (reason === null) throw error;
      failures.push({ path, reason });
    }
    addCounts(counts, file.counts);
  }
  return { counts, files, failures, interrupted: options.signal?.aborted === true };
}
