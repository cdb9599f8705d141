import { addCounts, createCounts, type IngestCounts, sumOf, whyNothingUnderstood } from "./counts.ts";
import { FileIngest, type SourceEvent } from "./file-ingest.ts";
import type { Ingestion } from "./ingestion.ts";
import { openSource } from "./source.ts";

export interface FilesResult {
  readonly counts: IngestCounts;
  /** The number of files that were read to the end and understood. */
  readonly files: number;
  /** Files that were not read to the end, or not understood, and why. */
  readonly failures: readonly { path: string; reason: string }[];
  readonly interrupted: boolean;
}

export interface ReadFilesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after every batch with the counts so far. */
  readonly onProgress?: ((counts: IngestCounts) => void) | undefined;
  readonly onSource?: ((event: SourceEvent) => void) | undefined;
  /** The message for a failure of one file; if null, the error is rethrown. */
  readonly reasonOf: (error: unknown) => string | null;
}

/** Reads the files one after another (a node's lines must be read in order), each from its checkpoint. */
export async function ingestFiles(
  to: Ingestion,
  paths: readonly string[],
  options: ReadFilesOptions,
): Promise<FilesResult> {
  const { signal } = options;
  const counts = createCounts();
  const failures: { path: string; reason: string }[] = [];
  let files = 0;
  for (const path of paths) {
    if (signal?.aborted === true) break;
    using source = openSource(path);
    const file = new FileIngest(to, source);
    options.onSource?.(file.opened());
    const onBatch = (): void => options.onProgress?.(sumOf(counts, file.counts));
    try {
      const isWhole = await file.readToEnd({ isLast: true, signal, onBatch });
      const why = whyNothingUnderstood(file.counts);
      if (why !== null) failures.push({ path, reason: `${source.name}: ${why}` });
      else if (isWhole) files += 1;
    } catch (error) {
      const reason = options.reasonOf(error);
      if (reason === null) throw error;
      failures.push({ path, reason });
    }
    options.onSource?.(file.ended());
    addCounts(counts, file.counts);
  }
  const interrupted = signal?.aborted === true;
  if (!interrupted) to.prune(null);
  return { counts, files, failures, interrupted };
}
