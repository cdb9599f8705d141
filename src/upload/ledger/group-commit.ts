import type { Database } from "bun:sqlite";
import type { StoreWait } from "./store-guard.ts";

/** The next commit waits for this many times the last one's duration: a slow disk gets larger groups, not more work. */
const REST_FACTOR = 8;
const LONGEST_REST_MS = 50;

/** The writes of one commit. */
export interface Group<Note> {
  readonly writes: (() => void)[];
  /** The values that the writes will give things, by key, until the store can be asked for them. */
  readonly notes: Map<string, Note>;
  readonly committed: PromiseWithResolvers<void>;
  /** The pause between commits, or the wait for a locked store; null once it is over. */
  rest: ReturnType<typeof setTimeout> | null;
}

export interface GroupCommitOptions {
  /** Runs within every commit, for whatever else has to be written. */
  readonly alsoWrite: () => void;
  /** Called after each commit. Throws if the commit is worthless because the store is gone. */
  readonly onCommitted: () => void;
  /** Called when nothing of what was written was stored. */
  readonly onRolledBack: () => void;
  readonly storeWait: StoreWait;
  /** Called when a commit fails that nobody waits for. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Groups writes into one commit: those of one turn of the event loop, and those that arrive during the pause after the
 * last commit or while another program has the store locked. They are kept in memory until then, so that others find
 * the store unlocked.
 */
export class GroupCommit<Note> {
  readonly #db: Database;
  readonly #options: GroupCommitOptions;
  #group: Group<Note> | null = null;
  #restUntilMs = 0;

  constructor(db: Database, options: GroupCommitOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** The writes that are not committed; null if there are none. */
  get open(): Group<Note> | null {
    return this.#group;
  }

  /** The group for what is written now. */
  begin(): Group<Note> {
    if (this.#group !== null) return this.#group;
    const group: Group<Note> = {
      writes: [],
      notes: new Map(),
      committed: Promise.withResolvers(),
      rest: null,
    };
    // Whether anybody waits for it or not, its failure is reported by onBroken.
    group.committed.promise.catch(() => undefined);
    this.#group = group;
    const restMs = this.#restUntilMs - performance.now();
    if (restMs >= 1) group.rest = setTimeout(() => this.#commitOrTell(group), restMs);
    else setImmediate(() => this.#commitOrTell(group));
    return group;
  }

  /** Commits now what is not committed yet. If the store is locked, that is retried automatically. */
  flush(): void {
    if (this.#group !== null) this.#commit(this.#group);
  }

  /** Resolves when everything written so far is on the disk. Throws if it cannot be written. */
  async settled(): Promise<void> {
    this.flush();
    await this.#group?.committed.promise;
  }

  /** Ends the pause between commits: somebody waits for a commit and has nothing else to do. */
  hurry(): void {
    const group = this.#group;
    if (group === null || group.rest === null || this.#options.storeWait.isWaiting) return;
    clearTimeout(group.rest);
    group.rest = null;
    setImmediate(() => this.#commitOrTell(group));
  }

  #commitOrTell(group: Group<Note>): void {
    if (this.#group !== group) return;
    try {
      this.#commit(group);
    } catch (error) {
      this.#options.onBroken(error);
    }
  }

  #commit(group: Group<Note>): void {
    if (group.rest !== null) clearTimeout(group.rest);
    group.rest = null;
    const startedMs = performance.now();
    const { alsoWrite, onCommitted, onRolledBack, storeWait } = this.#options;
    try {
      this.#db.run("BEGIN IMMEDIATE");
      for (const write of group.writes) write();
      alsoWrite();
      this.#db.run("COMMIT");
      onCommitted();
    } catch (error) {
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
      onRolledBack();
      const pauseMs = storeWait.retryAfterMs(error);
      if (pauseMs !== null) {
        group.rest = setTimeout(() => this.#commitOrTell(group), pauseMs);
        return;
      }
      this.#group = null;
      group.committed.reject(error);
      throw error;
    }
    storeWait.done();
    this.#group = null;
    group.committed.resolve();
    const endedMs = performance.now();
    this.#restUntilMs = endedMs + Math.min(LONGEST_REST_MS, REST_FACTOR * (endedMs - startedMs));
  }
}
