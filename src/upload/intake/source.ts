import type { SyncSettings } from "../options.ts";
import { scanListed } from "../scan/file-list.ts";
import { globFilter } from "../scan/filter.ts";
import type { FoundFile } from "../scan/file-page.ts";
import { scan, type ScanEvent } from "../scan/scan.ts";

/** Files that are taken in together. */
export interface Batch {
  readonly events: Iterable<ScanEvent>;
  /** Somebody has seen to it that each file is complete: none has to rest first. */
  readonly areComplete: boolean;
}

/** How a run stands with what it was given. */
export interface Standing {
  /** All of it is settled. */
  readonly isIdle: boolean;
  /** Resolves when it is. */
  idle(): Promise<void>;
}

/** Where a run's files come from. */
export interface Source {
  /** All of it, to be counted ahead; null where nobody knows how much will come. */
  readonly whole: (() => Iterable<ScanEvent>) | null;
  /** Batch after batch; the run ends after the last one. */
  batches(standing: Standing): Iterable<Batch> | AsyncIterable<Batch>;
  /** Takes a file back that may still be written, and offers it again when it is not; null: the run waits for it. */
  readonly takeBack: ((file: FoundFile) => void) | null;
}

/**
 * A tree as it is now, or the files of a list in it.
 *
 * @param listed below the root; null: all that is there.
 */
export function fileSource(
  root: string,
  { include, exclude }: Pick<SyncSettings, "include" | "exclude">,
  listed: readonly string[] | null,
): Source {
  const filter = globFilter(include, exclude);
  const events = (): Iterable<ScanEvent> =>
    listed === null ? scan(root, filter) : scanListed(root, filter, listed);
  return { whole: events, batches: () => [{ events: events(), areComplete: false }], takeBack: null };
}
