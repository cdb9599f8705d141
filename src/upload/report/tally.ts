import type { FileEvent, RunProgress } from "./progress.ts";
import type { FilePage } from "../scan/file-page.ts";
import type { SkipReason } from "../scan/rules.ts";
import type { SyncError } from "./sync-error.ts";

export interface UploadFailure {
  readonly path: string;
  readonly reason: string;
  /** The HTTP status; null if there was none. */
  readonly status: number | null;
}

/** The output of `--json`: the names are fixed by the contract. */
export interface SyncResult {
  readonly found: number | null;
  readonly uploaded: number;
  readonly duplicate_local: number;
  readonly duplicate_remote: number;
  readonly skipped: number | null;
  readonly failed: number;
  /** Left for the next run, because the server accepts nothing for longer than a run waits. */
  readonly pending: number;
  readonly retries: number;
  readonly sent_bytes: number;
  readonly elapsed_s: number;
  readonly workers_peak: number;
  readonly interrupted: boolean;
  /** Why the run could not go on; null if it was completed, or was asked to end. */
  readonly error: SyncError | null;
  readonly dry_run: boolean;
  readonly destination: string;
  readonly failures: readonly UploadFailure[];
}

/** A run's result without its failures, as the store keeps it. */
export type RunTotals = Omit<SyncResult, "failures">;

/** The running totals of a sync. Every CV found ends in exactly one of uploaded, duplicate…, failed, pending. */
export class Tally {
  found = 0;
  uploaded = 0;
  duplicateLocal = 0;
  duplicateRemote = 0;
  pending = 0;
  skipped = 0;
  retries = 0;
  workersPeak = 0;
  readonly failures: UploadFailure[] = [];
  readonly #onFile: ((event: FileEvent) => void) | null;

  /** @param onFile is called for each file whose result is counted. */
  constructor(onFile: ((event: FileEvent) => void) | null = null) {
    this.#onFile = onFile;
  }

  /** The progress of the run: these totals, and `rest`. */
  progress(rest: Pick<RunProgress, "total" | "sentBytes" | "inFlight" | "waiting">): RunProgress {
    const { found, uploaded, duplicateLocal, duplicateRemote, failures } = this;
    return { found, uploaded, duplicateLocal, duplicateRemote, failed: failures.length, ...rest };
  }

  /** What a run's result says without the failures. */
  totals(run: {
    readonly found: number | null;
    readonly sentBytes: number;
    readonly elapsedS: number;
    readonly interrupted: boolean;
    readonly error: SyncError | null;
    readonly dryRun: boolean;
    readonly destination: string;
  }): RunTotals {
    return {
      found: run.found,
      uploaded: this.uploaded,
      duplicate_local: this.duplicateLocal,
      duplicate_remote: this.duplicateRemote,
      skipped: this.skipped,
      failed: this.failures.length,
      pending: this.pending,
      retries: this.retries,
      sent_bytes: run.sentBytes,
      elapsed_s: run.elapsedS,
      workers_peak: this.workersPeak,
      interrupted: run.interrupted,
      error: run.error,
      dry_run: run.dryRun,
      destination: run.destination,
    };
  }

  /** Counts a CV that is at its destination: uploaded now, known from an earlier run, or already on the server. */
  there(how: "uploaded" | "known-here" | "known-there", path: string): void {
    if (how === "uploaded") this.uploaded += 1;
    else if (how === "known-here") this.duplicateLocal += 1;
    else this.duplicateRemote += 1;
    this.#onFile?.({ type: how, path });
  }

  /** Counts a file of a page as known from an earlier run. */
  knownHere(page: FilePage, at: number): void {
    this.duplicateLocal += 1;
    this.#onFile?.({ type: "known-here", path: page.path(at) });
  }

  /** Counts all files of a page likewise. */
  allKnownHere(page: FilePage): void {
    if (this.#onFile === null) this.duplicateLocal += page.size;
    else for (let at = 0; at < page.size; at += 1) this.knownHere(page, at);
  }

  skip(path: string, reason: SkipReason): void {
    this.skipped += 1;
    this.#onFile?.({ type: "skipped", path, reason });
  }

  fail(path: string, because: { reason: string; status: number | null }): void {
    this.failures.push({ path, reason: because.reason, status: because.status });
    this.#onFile?.({ type: "failed", path, reason: because.reason });
  }
}
