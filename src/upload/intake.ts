import { statSync } from "node:fs";
import { statusOf } from "../lib/file-status.ts";
import { Semaphore } from "../lib/semaphore.ts";
import { nextTurn, wait } from "../lib/wait.ts";
import type { Admission } from "./admit.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { Hasher, SharedBytes } from "./hash.ts";
import type { KnownFile, Ledger } from "./ledger.ts";
import type { FoundFile, ScanEvent } from "./scan/scan.ts";
import { isSame, settledAtMs, type Unsettled } from "./settled.ts";
import type { Tally } from "./tally.ts";
import { HELD_UP_TO_BYTES } from "./work.ts";
import { unreadableReason } from "./unreadable.ts";

/** Where contents go once they are known: the delivery, or a dry run's count. */
export interface Sink {
  /** Takes a file's content; `bytes` is its content where it is in memory, and is the sink's from now on. */
  admit(checksum: string, file: FoundFile, bytes: SharedBytes | null): Admission;
  /** Waits for room for more. */
  room(): Promise<void>;
  /** Why nothing more is sent: what is not known to be done then fails unread. */
  readonly refusal: { readonly status: number | null; readonly reason: string } | null;
}

export interface IntakeOptions {
  readonly events: Iterable<ScanEvent>;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly pool: BufferPool;
  readonly hasher: Hasher;
  readonly sink: Sink;
  /** How long a file must have kept its size and mtime, and for how long that is waited for at most. */
  readonly settleMs: number;
  readonly settleWaitMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const PAGE_FILES = 256;
/** Files read and hashed at once, so that the disk is at work while a checksum is computed. */
const LANES = 4;
const UNSETTLED_LIMIT = 1_000;

/** The first three stages: scan → hash → dedupe. It holds a page of files and what the buffer pool allows, no more. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #lanes = new Semaphore(LANES);
  readonly #unsettled: Unsettled[] = [];
  #error: unknown = null;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Takes in the whole tree. Resolves when every file has gone to the sink or into the count, or at an abort. */
  async run(): Promise<void> {
    const { signal, ledger, onProgress } = this.#options;
    let page: FoundFile[] = [];
    const turn = async (): Promise<void> => {
      const known = ledger.lookUp(page);
      for (const [at, file] of page.entries()) {
        if (signal.aborted) return;
        // Most files of a later run are known: no turn of the event loop for those.
        const work = this.#sort(file, known[at] ?? null);
        if (work !== null) await work;
      }
      page = [];
      onProgress();
      await nextTurn();
      await this.#revisit(UNSETTLED_LIMIT);
    };
    for (const event of this.#options.events) {
      if (signal.aborted) break;
      this.#count(event);
      if (event.type === "file") page.push(event.file);
      if (page.length >= PAGE_FILES) await turn();
    }
    if (page.length > 0) await turn();
    await this.settle();
  }

  /** Takes a file in again that was found to be no longer what it was. */
  takeAgain(file: FoundFile): void {
    const now = this.#options.now();
    this.#unsettled.push({ file, firstSeenMs: now, sameSinceMs: now });
  }

  get hasUnsettled(): boolean {
    return this.#unsettled.length > 0;
  }

  /** Waits for the files that may still be written, and takes them in. */
  async settle(): Promise<void> {
    do {
      await this.#revisit(0);
      await this.#lanes.idle();
    } while (this.hasUnsettled && !this.#options.signal.aborted);
    if (this.#error !== null) throw this.#error;
  }

  #count(event: ScanEvent): void {
    const { tally } = this.#options;
    switch (event.type) {
      case "file":
        tally.found += 1;
        break;
      case "skipped":
        tally.skipped += 1;
        break;
      case "unreadable":
        // What a folder that cannot be read holds is not known: it counts as one.
        tally.found += 1;
        tally.fail(event.path, { reason: event.reason, status: null });
        break;
    }
  }

  #sort(file: FoundFile, known: KnownFile | null): Promise<void> | null {
    const { sink, tally, settleMs, now } = this.#options;
    if (known?.isDone === true) {
      tally.duplicateLocal += 1;
      return null;
    }
    if (sink.refusal !== null) {
      this.#refuse(file);
      return null;
    }
    if (known !== null) return this.#admit(file, known.checksum, null);
    const nowMs = now();
    if (settledAtMs(file, nowMs, settleMs) <= nowMs) return this.#identify(file);
    this.#unsettled.push({ file, firstSeenMs: nowMs, sameSinceMs: nowMs });
    return null;
  }

  /** Reads and hashes in a lane of its own; returns once the lane is taken. */
  async #identify(file: FoundFile): Promise<void> {
    await this.#lanes.acquire();
    void this.#hash(file)
      .catch((error: unknown) => {
        this.#error ??= error;
      })
      .finally(() => this.#lanes.release());
    if (this.#error !== null) throw this.#error;
  }

  async #hash(file: FoundFile): Promise<void> {
    const { pool, hasher, tally, ledger } = this.#options;
    if (file.sizeBytes <= HELD_UP_TO_BYTES) {
      const bytes = await pool.take(file.sizeBytes);
      const small = await hasher.read(file, bytes);
      if (small.type === "read") {
        ledger.remember(file, small.checksum);
        await this.#admit(file, small.checksum, bytes);
        return;
      }
      pool.give(bytes);
      if (small.type === "changed") this.takeAgain(file);
      else tally.fail(file.path, { reason: small.reason, status: null });
      return;
    }
    const outcome = await hasher.hash(file.path, file.sizeBytes);
    if (outcome.type === "unreadable") tally.fail(file.path, { reason: outcome.reason, status: null });
    else if (isSame(outcome.file, file)) {
      ledger.remember(file, outcome.file.checksum);
      await this.#admit(file, outcome.file.checksum, null);
    } else this.takeAgain(file);
  }

  async #admit(file: FoundFile, checksum: string, bytes: SharedBytes | null): Promise<void> {
    const { sink, tally, pool, onProgress } = this.#options;
    const admission = sink.admit(checksum, file, bytes);
    const isTaken = admission.type === "send" || admission.type === "look";
    if (!isTaken && bytes !== null) pool.give(bytes);
    if (admission.type === "duplicate") tally.duplicateLocal += 1;
    if (admission.type === "failed") tally.fail(file.path, admission);
    if (isTaken) await sink.room();
    else onProgress();
  }

  #refuse(file: FoundFile): void {
    const { sink, tally } = this.#options;
    const { status = null, reason = "" } = sink.refusal ?? {};
    tally.fail(file.path, { status, reason: `not sent: ${reason}` });
  }

  /** Looks again at files that may still be written: those that are due, and more until no more than `keep` are left. */
  async #revisit(keep: number): Promise<void> {
    const { settleMs, signal, now, sink } = this.#options;
    for (let first = this.#unsettled[0]; first !== undefined; first = this.#unsettled[0]) {
      const dueInMs = settledAtMs(first.file, first.sameSinceMs, settleMs) - now();
      if (sink.refusal === null && dueInMs > 0) {
        if (this.#unsettled.length <= keep) return;
        if (!(await wait(dueInMs, signal))) return;
      }
      if (signal.aborted) return;
      this.#unsettled.shift();
      await this.#lookAgain(first);
    }
  }

  async #lookAgain({ file, firstSeenMs, sameSinceMs }: Unsettled): Promise<void> {
    const { tally, settleMs, settleWaitMs, now, sink } = this.#options;
    let seen: FoundFile;
    try {
      const { sizeBytes, mtimeUs, inode } = statusOf(statSync(file.path, { bigint: true }));
      seen = { ...file, sizeBytes, mtimeUs, inode };
    } catch (error) {
      tally.fail(file.path, { reason: unreadableReason(error), status: null });
      return;
    }
    const nowMs = now();
    const isStill = isSame(seen, file);
    if (sink.refusal !== null) this.#refuse(file);
    else if (isStill && settledAtMs(seen, sameSinceMs, settleMs) <= nowMs) await this.#identify(seen);
    else if (nowMs - firstSeenMs > settleWaitMs) {
      tally.fail(file.path, {
        reason: "it is still being written; run again when it is complete",
        status: null,
      });
    } else {
      this.#unsettled.push({ file: seen, firstSeenMs, sameSinceMs: isStill ? sameSinceMs : nowMs });
    }
  }
}
