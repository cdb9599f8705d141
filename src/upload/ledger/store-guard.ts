import type { Database } from "bun:sqlite";
import { isBusy } from "../../db/busy.ts";
import { openedFile } from "../../db/opened-file.ts";
import { Failure } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";

/** The store's file was removed or replaced: what was written since then is lost. */
export class StoreGone extends Failure {
  constructor(path: string) {
    super(
      "failed",
      `the store ${path} was removed or replaced during the run, so the run has stopped; what was uploaded meanwhile may not be recorded: put the old store back, or run again, which asks the server before it sends`,
    );
  }
}

/**
 * Checks whether a store's path still leads to the file that was opened.
 *
 * @throws StoreGone, when called, if it does not.
 */
export function storeGuard(path: string): () => void {
  const isThere = openedFile(path);
  return () => {
    if (!isThere()) throw new StoreGone(path);
  };
}

/** SQLite itself waits no longer than this, since it blocks everything else; StoreWait does the rest of the waiting. */
const BUSY_TIMEOUT_MS = 100;
const LOOK_AGAIN_MS = 250;

/** Makes calls on a connection fail soon when another program has the store locked, until disposed. */
export function shortBusyTimeout(db: Database): Disposable {
  const before = db.query<{ timeout: number }, []>("PRAGMA busy_timeout").get()?.timeout ?? 0;
  db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return { [Symbol.dispose]: () => db.run(`PRAGMA busy_timeout = ${before}`) };
}

/** How long to wait for a store that another program has locked, and whom to notify. */
export interface StorePatience {
  readonly waitMs: number;
  /** Called when the wait begins, with its end on the run's clock (ms); with null when it is over. */
  readonly onWaiting: (untilMs: number | null) => void;
}

/** The wait for one store: from when it is first found locked until it is free, or for too long. */
export class StoreWait {
  readonly #patience: StorePatience;
  readonly #now: () => number;
  #untilMs: number | null = null;

  constructor(patience: StorePatience, now: () => number = () => performance.now()) {
    this.#patience = patience;
    this.#now = now;
  }

  get isWaiting(): boolean {
    return this.#untilMs !== null;
  }

  /** Returns how long to wait after an error before the next try (ms); null if there should be none. */
  retryAfterMs(error: unknown): number | null {
    if (!isBusy(error) || this.#patience.waitMs <= 0) return null;
    const nowMs = this.#now();
    if (this.#untilMs === null) {
      this.#untilMs = nowMs + this.#patience.waitMs;
      this.#patience.onWaiting(this.#untilMs);
    }
    return nowMs >= this.#untilMs ? null : Math.min(LOOK_AGAIN_MS, this.#untilMs - nowMs);
  }

  /** The store could be used: ends the wait. */
  done(): void {
    if (this.#untilMs === null) return;
    this.#untilMs = null;
    this.#patience.onWaiting(null);
  }

  /** Runs a task on the store, again and again while the store is locked. Throws the last error when giving up. */
  async retry<T>(task: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      try {
        const value = await task();
        this.done();
        return value;
      } catch (error) {
        const pauseMs = this.retryAfterMs(error);
        if (pauseMs === null || !(await wait(pauseMs, signal))) throw error;
      }
    }
  }
}
