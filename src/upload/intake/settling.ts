import type { SyncSettings } from "../options.ts";
import type { FoundFile } from "../scan/file-page.ts";

/** A file that may still be written: since when it has been watched, and since when it has looked the same. */
export interface Unsettled {
  readonly file: FoundFile;
  readonly firstSeenMs: number;
  readonly sameSinceMs: number;
}

/**
 * When a file may be taken (ms since the epoch): once its size and mtime have been unchanged for `settleMs`. An mtime
 * in the future (another machine's clock) says nothing; then the time counts from when the file was first seen like
 * this.
 */
export function settledAtMs(file: Pick<FoundFile, "mtimeUs">, sameSinceMs: number, settleMs: number): number {
  return Math.min(file.mtimeUs / 1000, sameSinceMs) + settleMs;
}

/** How long a file must be unchanged: longer when watching, since then nobody waits for the end of the run. */
export function settleMs({ settle, watch }: Pick<SyncSettings, "settle" | "watch">): number {
  return settle ?? (watch ? WATCHED_SETTLE_MS : SETTLE_MS);
}

const SETTLE_MS = 1_000;
const WATCHED_SETTLE_MS = 2_000;

type Identity = Pick<FoundFile, "sizeBytes" | "mtimeUs" | "ctimeUs" | "inode" | "device">;

/** Whether two looks at a path saw the same, unchanged file. */
export function isSame(left: Identity, right: Identity): boolean {
  return (
    left.sizeBytes === right.sizeBytes &&
    left.mtimeUs === right.mtimeUs &&
    left.ctimeUs === right.ctimeUs &&
    left.inode === right.inode &&
    left.device === right.device
  );
}

/** The files to look at again: too new when they were found, or changed since they were read. */
export class Settling {
  readonly #files: Unsettled[] = [];

  get size(): number {
    return this.#files.length;
  }

  get first(): Unsettled | undefined {
    return this.#files[0];
  }

  /** Adds a file. */
  add(file: FoundFile, nowMs: number): void {
    this.push({ file, firstSeenMs: nowMs, sameSinceMs: nowMs });
  }

  push(unsettled: Unsettled): void {
    this.#files.push(unsettled);
  }

  shift(): void {
    this.#files.shift();
  }

  /** Hands all files to `take`, which watches them from now on. */
  drain(take: (file: FoundFile) => void): void {
    for (const { file } of this.#files.splice(0)) take(file);
  }
}
