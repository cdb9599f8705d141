import { statSync } from "node:fs";
import { statusOf } from "../../lib/file-status.ts";
import { Lanes } from "../../lib/lanes.ts";
import { systemPath } from "../../lib/path-bytes.ts";
import { nextTurn, wait } from "../../lib/wait.ts";
import { BufferPool } from "./buffer-pool.ts";
import { createHasher, type Hasher, type SharedBytes, worthHandingOverBytes } from "./hash.ts";
import type { EngineCare } from "../engine-care.ts";
import type { KnownFile } from "./checksum-cache.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { HELD_UP_TO_BYTES, type RunLimits } from "../limits.ts";
import type { SyncSettings } from "../options.ts";
import { stopOf, type Unsent, unsentBy } from "../plan/stop.ts";
import { readSmallNow, type SmallFile } from "./read-small.ts";
import type { FilePage, FoundFile } from "../scan/file-page.ts";
import { CROWDED_MS, FOLDERS_A_PAUSE, type ScanEvent } from "../scan/scan.ts";
import { isSame, settledAtMs, settleMs, Settling, type Unsettled } from "./settling.ts";
import type { Batch } from "./source.ts";
import type { Tally } from "../report/tally.ts";
import { unreadableReason } from "./unreadable.ts";

/** A file and the checksum of its content. */
export interface Content {
  readonly checksum: string;
  readonly file: FoundFile;
  /** The content, if it is in memory. It comes from the pool, and its receiver gives it back. */
  readonly bytes: SharedBytes | null;
}

export interface IntakeOptions {
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly settings: Pick<SyncSettings, "settle" | "watch" | "memory" | "bulk">;
  /** Whether to wait here for files that may still be written. */
  readonly waits: boolean;
  readonly limits: Pick<RunLimits, "settleWaitMs" | "hashWorkers" | "hashInPlaceBytes" | "isThreaded">;
  /** Starts a hashing thread; null to hash everything in this one. */
  readonly startHashWorker: (() => Worker) | null;
  readonly engine: EngineCare;
  /** Aborted with a Stop as its reason; files not known to be done are then counted as that Stop says, unread. */
  readonly signal: AbortSignal;
}

/** Everything else gets a turn after this many files. */
const TURN_FILES = 256;
/** Files read and hashed at once, so that the disk works while a checksum is computed. */
const LANES = 4;
/** The most files that may still be written and are kept in mind; beyond that the scan waits for the oldest. */
const UNSETTLED_LIMIT = 5_000;

/** The first three stages: scan → hash → look up. Holds one page of files and what the buffer pool allows, no more. */
export class Intake {
  /** The memory for contents: the receiver of a content gives its bytes back. */
  readonly pool: BufferPool;
  /** The files to look at again. Files found to have changed later come back through it. */
  readonly settling = new Settling();
  readonly #options: IntakeOptions;
  readonly #hasher: Hasher;
  readonly #lanes = new Lanes<Content | null>(LANES);
  #settleMs = 0;
  #isOver = false;
  #isWhole = false;
  #renamed = 0;
  #sinceTurn = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { settings, limits, startHashWorker } = options;
    this.pool = new BufferPool(settings.memory);
    this.#hasher = createHasher({
      startWorker: startHashWorker,
      maxWorkers: limits.hashWorkers,
      workerFromBytes: settings.bulk && limits.isThreaded ? worthHandingOverBytes() : limits.hashInPlaceBytes,
    });
  }

  /**
   * Yields the contents of files that are not known to be done, as they are read. Ends early if the run is asked to
   * end. Files that may still be written are waited for, unless someone else takes care of them.
   */
  async *contents({ events, areComplete }: Batch): AsyncGenerator<Content> {
    this.#settleMs = areComplete ? 0 : settleMs(this.#options.settings);
    for (const event of events) {
      if (this.isEnding) return;
      this.#count(event);
      if (event.type === "crowded") await wait(CROWDED_MS, this.#options.signal);
      if (event.type === "files") {
        const known = this.#lookUp(event.page);
        if (known !== null) yield* this.#sortAll(event.page, known);
        if (this.#sinceTurn >= TURN_FILES) yield* this.#turn();
      }
      if (event.type === "pause") {
        this.#options.engine.readFolders(FOLDERS_A_PAUSE);
        await nextTurn();
      }
    }
    this.#isWhole = true;
    if (this.#options.waits) yield* this.settled();
    else yield* this.#read(0);
  }

  /** Yields the contents of the files that had to be looked at again, once they have settled. */
  async *settled(): AsyncGenerator<Content> {
    const { settling } = this;
    do {
      yield* this.#revisit(0);
      yield* this.#read(0);
    } while (settling.size > 0 && !this.isEnding);
  }

  /** CVs in the tree; null if it was not read to its end. */
  get found(): number | null {
    return this.#isWhole ? this.#options.tally.found : null;
  }

  /** CVs not known to be done whose path is not UTF-8: they are sent with replacement characters. */
  get renamed(): number {
    return this.#renamed;
  }

  /** The run ends without reporting what is left. */
  get isEnding(): boolean {
    return this.#unsent?.type === "left";
  }

  /** Hands files that may still be written to `take`, which is then responsible for them; null if nobody takes them. */
  handBack(take: ((file: FoundFile) => void) | null): void {
    if (take === null) return;
    this.#options.tally.found -= this.settling.size;
    this.settling.drain(take);
  }

  /** Takes in nothing more. Resolves when no file is being read any more and all memory has been given back. */
  async [Symbol.asyncDispose](): Promise<void> {
    using _hasher = this.#hasher;
    this.#isOver = true;
    while (!this.#lanes.isEmpty) this.#giveBack(await this.#lanes.next().catch(() => null));
  }

  /** How files that are not sent are counted; null while the run goes on. */
  get #unsent(): Unsent | null {
    const stop = stopOf(this.#options.signal);
    return stop === null ? null : unsentBy(stop);
  }

  /** Counts a file that is not sent any more, as the stop says. */
  #turnAway(file: FoundFile, unsent: Unsent): void {
    const { tally } = this.#options;
    if (unsent.type === "failed") tally.fail(file.path, unsent.because);
    if (unsent.type === "postponed") tally.pending += 1;
  }

  #count(event: ScanEvent): void {
    const { tally } = this.#options;
    switch (event.type) {
      case "files":
        tally.found += event.page.size;
        break;
      case "skipped":
        tally.skip(event.path, event.reason);
        break;
      case "unreadable":
        // What an unreadable folder contains is not known: it counts as one.
        tally.found += 1;
        tally.fail(event.path, { reason: event.reason, status: null });
        break;
      case "crowded":
      case "pause":
        break;
    }
  }

  /** What is known about a page's files; null if all are done, as in most pages of a later run: no promise for those. */
  #lookUp(page: FilePage): readonly KnownFile[] | null {
    const known = this.#options.ledger.lookUp(page);
    if (known === null) this.#options.tally.allKnownHere(page);
    this.#sinceTurn += page.size;
    return known;
  }

  async *#turn(): AsyncGenerator<Content> {
    this.#options.engine.found(this.#sinceTurn);
    this.#sinceTurn = 0;
    if (this.#options.waits) yield* this.#revisit(UNSETTLED_LIMIT);
    await nextTurn();
  }

  async *#sortAll(page: FilePage, known: readonly KnownFile[]): AsyncGenerator<Content> {
    for (const [at, what] of known.entries()) {
      if (this.isEnding) return;
      if (what.type === "done") {
        this.#options.tally.knownHere(page, at);
        continue;
      }
      const content = this.#sort(what.file, what.type === "hashed" ? what.checksum : null);
      if (content !== null) yield content;
      // In a later run most files are known: no turn of the event loop for those.
      if (this.#lanes.isFull) yield* this.#read(LANES - 1);
    }
    this.#options.engine.lookedUp(known.length);
  }

  /** The content of a file if the store has its checksum; otherwise the file is read, or waits. */
  #sort(file: FoundFile, checksum: string | null): Content | null {
    const unsent = this.#unsent;
    if (unsent !== null) {
      this.#turnAway(file, unsent);
      return null;
    }
    if (file.entry !== file.name || !file.folder.isWellFormed()) this.#renamed += 1;
    if (checksum !== null) return { checksum, file, bytes: null };
    const nowMs = Date.now();
    if (settledAtMs(file, nowMs, this.#settleMs) > nowMs) {
      this.settling.add(file, nowMs);
      return null;
    }
    const content = this.#readNow(file);
    if (content !== false) return content;
    this.#lanes.add(this.#hash(file));
    return null;
  }

  /** Yields what has been read, until no more than `keep` files are in progress. */
  async *#read(keep: number): AsyncGenerator<Content> {
    while (keep === 0 ? !this.#lanes.isEmpty : this.#lanes.isFull) {
      const content = await this.#lanes.next();
      if (content !== null) yield content;
    }
  }

  async #hash(file: FoundFile): Promise<Content | null> {
    const { tally, ledger } = this.#options;
    const readFromMs = Date.now();
    if (file.sizeBytes > HELD_UP_TO_BYTES) {
      const outcome = await this.#hasher.hash(file.path, file.sizeBytes);
      if (outcome.type === "unreadable") tally.fail(file.path, { reason: outcome.reason, status: null });
      else if (!isSame(outcome.file, file)) this.#again(file);
      else {
        ledger.remember(file, outcome.file.checksum, readFromMs);
        return { checksum: outcome.file.checksum, file, bytes: null };
      }
      return null;
    }
    const bytes = await this.pool.take(file.sizeBytes);
    const small: SmallFile = this.#isOver ? { type: "changed" } : await this.#hasher.read(file, bytes);
    return this.#contentOf(file, bytes, small, readFromMs);
  }

  /** Reads a small file at once: most files are small, and none of them needs a promise. Returns false if it cannot. */
  #readNow(file: FoundFile): Content | null | false {
    const { pool } = this;
    if (file.sizeBytes > HELD_UP_TO_BYTES || !this.#hasher.readsHere(file.sizeBytes)) return false;
    const bytes = pool.takeNow(file.sizeBytes);
    if (bytes === null) return false;
    const readFromMs = Date.now();
    const small = readSmallNow(file, bytes);
    if (small !== null) return this.#contentOf(file, bytes, small, readFromMs);
    pool.give(bytes);
    return false;
  }

  #contentOf(file: FoundFile, bytes: SharedBytes, small: SmallFile, readFromMs: number): Content | null {
    const { tally, ledger } = this.#options;
    if (small.type === "read") {
      ledger.remember(file, small.checksum, readFromMs);
      return { checksum: small.checksum, file, bytes };
    }
    this.pool.give(bytes);
    if (small.type === "changed") this.#again(file);
    else tally.fail(file.path, { reason: small.reason, status: null });
    return null;
  }

  #again(file: FoundFile): void {
    this.settling.add(file, Date.now());
  }

  #giveBack(content: Content | null): void {
    if (content !== null && content.bytes !== null) this.pool.give(content.bytes);
  }

  /** Looks again at files that may still be written: those that are due, then more until at most `keep` are left. */
  async *#revisit(keep: number): AsyncGenerator<Content> {
    const { settling } = this;
    const { signal } = this.#options;
    for (let first = settling.first; first !== undefined && !this.isEnding; first = settling.first) {
      const dueInMs = settledAtMs(first.file, first.sameSinceMs, this.#settleMs) - Date.now();
      if (this.#unsent === null && dueInMs > 0) {
        if (settling.size <= keep) return;
        // Files read in the meantime do not have to wait.
        if (!this.#lanes.isEmpty) yield* this.#read(0);
        else await wait(dueInMs, signal);
        continue;
      }
      settling.shift();
      this.#lookAgain(first);
      if (this.#lanes.isFull) yield* this.#read(LANES - 1);
    }
  }

  #lookAgain({ file, firstSeenMs, sameSinceMs }: Unsettled): void {
    const { settling } = this;
    const { tally, limits } = this.#options;
    let seen: FoundFile;
    try {
      const { type: _, ...status } = statusOf(statSync(systemPath(file.path), { bigint: true }));
      seen = { ...file, ...status };
    } catch (error) {
      tally.fail(file.path, { reason: unreadableReason(error), status: null });
      return;
    }
    const nowMs = Date.now();
    const isStill = isSame(seen, file);
    const unsent = this.#unsent;
    if (unsent !== null) this.#turnAway(file, unsent);
    else if (isStill && settledAtMs(seen, sameSinceMs, this.#settleMs) <= nowMs)
      this.#lanes.add(this.#hash(file));
    else if (nowMs - firstSeenMs > limits.settleWaitMs) {
      const reason = "it is still being written; run again when it is complete";
      tally.fail(file.path, { reason, status: null });
    } else settling.push({ file: seen, firstSeenMs, sameSinceMs: isStill ? sameSinceMs : nowMs });
  }
}
