import type { SyncSettings } from "../options.ts";
import { scanListed } from "../scan/file-list.ts";
import { globFilter } from "../scan/filter.ts";
import type { FoundFile } from "../scan/file-page.ts";
import { scan, type ScanEvent } from "../scan/scan.ts";

/** Files that are processed together. */
export interface Batch {
  readonly events: Iterable<ScanEvent>;
  /** Each file is known to be complete: none has to settle first. */
  readonly areComplete: boolean;
}

/** Whether a run has finished what it was given so far. */
export interface Standing {
  /** Everything is settled. */
  readonly isIdle: boolean;
  /** Resolves when everything is settled. */
  idle(): Promise<void>;
}

/** Where a run's files come from. */
export interface Source {
  /** All files, to be counted ahead; null if it is not known how many will come. */
  readonly whole: (() => Iterable<ScanEvent>) | null;
  /** One batch after the other; the run ends after the last one. */
  batches(standing: Standing): Iterable<Batch> | AsyncIterable<Batch>;
  /** Takes back a file that may still be written, and offers it again once complete; null if the run waits for it. */
  readonly takeBack: ((file: FoundFile) => void) | null;
}

/**
 * A tree as it is now, or only the listed files in it.
 *
 * @param listed paths below the root; null for the whole tree.
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
