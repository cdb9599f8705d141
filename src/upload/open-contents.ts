import type { BufferPool } from "./buffer-pool.ts";
import type { Ledger } from "./ledger.ts";
import type { Tally } from "./tally.ts";
import type { Work } from "./work.ts";

interface Because {
  readonly status: number | null;
  readonly reason: string;
}

/**
 * The contents that were taken in and are not settled yet, by checksum: at most one work for each. Every way in which
 * one ends is written to the ledger first, then counted, then let go of; a write that fails throws and leaves it open.
 */
export class OpenContents {
  readonly #works = new Map<string, Work>();
  readonly #ledger: Ledger;
  readonly #tally: Tally;
  readonly #pool: BufferPool;
  readonly #onSettled: () => void;

  constructor(options: { ledger: Ledger; tally: Tally; pool: BufferPool; onSettled: () => void }) {
    this.#ledger = options.ledger;
    this.#tally = options.tally;
    this.#pool = options.pool;
    this.#onSettled = options.onSettled;
  }

  get size(): number {
    return this.#works.size;
  }

  get(checksum: string): Work | undefined {
    return this.#works.get(checksum);
  }

  add(work: Work): void {
    this.#works.set(work.checksum, work);
  }

  uploaded(work: Work): void {
    this.#ledger.done(contentOf(work), "upload");
    this.#tally.uploaded += 1;
    this.#settle(work);
  }

  /** The server had it before. */
  known(work: Work): void {
    this.#ledger.done(contentOf(work), "server");
    this.#tally.duplicateRemote += 1;
    this.#settle(work);
  }

  /** Failed in this run; `isPermanent`: in the next ones too, until it is asked for. */
  failed(work: Work, because: Because, isPermanent: boolean): void {
    if (isPermanent) this.#ledger.failed(contentOf(work), because);
    else this.#ledger.pending(contentOf(work), because);
    this.notSent(work, because);
  }

  /** Failed in this run without having been sent: its row is as it should be. */
  notSent(work: Work, because: Because): void {
    this.#tally.fail(work.file.path, because);
    this.#settle(work);
  }

  /** Certainly not stored; it stays open, without its content in memory. */
  pending(work: Work, because: Because): void {
    this.#ledger.pending(contentOf(work), because);
    this.release(work);
  }

  /** Its answer was lost just now; it stays open, without its content in memory. */
  lost(work: Work): void {
    this.#ledger.renew([work.checksum]);
    this.release(work);
  }

  /** The run ends before it is settled: it counts as nothing. */
  forget(work: Work): void {
    this.release(work);
    this.#works.delete(work.checksum);
  }

  /** Its file is gone or changed: true where another file of the same content takes its place. */
  replace(work: Work): boolean {
    this.release(work);
    const { alternate } = work;
    if (alternate === null) {
      this.#ledger.unseen(work.checksum);
      this.#settle(work);
      return false;
    }
    work.file = alternate;
    work.alternate = null;
    this.#tally.duplicateLocal -= 1;
    return true;
  }

  release(work: Work): void {
    if (work.bytes !== null) this.#pool.give(work.bytes);
    work.bytes = null;
  }

  #settle(work: Work): void {
    this.forget(work);
    this.#onSettled();
  }
}

function contentOf(work: Work): { checksum: string; path: string } {
  return { checksum: work.checksum, path: work.file.path };
}
