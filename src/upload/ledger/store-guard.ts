import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { isBusy } from "../../db/busy.ts";
import { Failure } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";

/** The store's file is gone, or is another one: what was written since is in no store that anybody will find. */
export class StoreGone extends Failure {
  constructor(path: string) {
    super(
      "failed",
      `the store ${path} was removed or replaced during the run, so the run has stopped; what was uploaded meanwhile may not be recorded: put the old store back, or run again, which asks the server before it sends`,
    );
  }
}

function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/**
 * Tells whether a store's path still leads to the file that was opened: SQLite goes on writing to a file that has no
 * name any more. Nothing is told of a store in memory.
 *
 * @throws StoreGone, when called, where it does not.
 */
export function storeGuard(path: string): () => void {
  if (path === ":memory:") return () => undefined;
  const opened = identityOf(path);
  return () => {
    if (identityOf(path) !== opened) throw new StoreGone(path);
  };
}

/** SQLite itself waits for no longer, since nothing else happens meanwhile; the rest is waited for by StoreWait. */
const BUSY_TIMEOUT_MS = 100;
const LOOK_AGAIN_MS = 250;

/** Lets calls of a connection tell soon that another program has the store locked, until it is disposed of. */
export function shortBusyTimeout(db: Database): Disposable {
  const before = db.query<{ timeout: number }, []>("PRAGMA busy_timeout").get()?.timeout ?? 0;
  db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return { [Symbol.dispose]: () => db.run(`PRAGMA busy_timeout = ${before}`) };
}

/** How long a store that another program has locked is waited for, and who is told so. */
export interface StorePatience {
  readonly waitMs: number;
  /** Told when the waiting begins, with its end by the run's clock (ms); null when it is over. */
  readonly onWaiting: (untilMs: number | null) => void;
}

/** Waiting for one store: from the first time that it was locked until it is not, or for too long. */
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

  /** Something could not be done: after so long it is worth another try (ms); null: not any more, or not for that reason. */
  retryAfterMs(error: unknown): number | null {
    if (!isBusy(error) || this.#patience.waitMs <= 0) return null;
    const nowMs = this.#now();
    if (this.#untilMs === null) {
      this.#untilMs = nowMs + this.#patience.waitMs;
      this.#patience.onWaiting(this.#untilMs);
    }
    return nowMs >= this.#untilMs ? null : Math.min(LOOK_AGAIN_MS, this.#untilMs - nowMs);
  }

  /** Something was done. */
  done(): void {
    if (this.#untilMs === null) return;
    this.#untilMs = null;
    this.#patience.onWaiting(null);
  }

  /** Does something with the store, again and again while it is locked. Throws what it throws in the end. */
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
