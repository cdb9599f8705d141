import type { Database } from "bun:sqlite";
import type { StoreWait } from "./store-guard.ts";

/** The next commit waits for this many times what the last one took: a slow disk gets larger groups, not more work. */
const REST_FACTOR = 8;
const LONGEST_REST_MS = 50;

/** What one commit writes. */
export interface Group<Note> {
  readonly writes: (() => void)[];
  /** What the writes make of things, by key, until the store tells it. */
  readonly notes: Map<string, Note>;
  readonly committed: PromiseWithResolvers<void>;
  /** The disk's rest, or the wait for a store that is locked; null once it is over. */
  rest: ReturnType<typeof setTimeout> | null;
}

export interface GroupCommitOptions {
  /** What else goes into every commit. */
  readonly alsoWrite: () => void;
  /** Told after each. Throws where it is worth nothing: the store has gone. */
  readonly onCommitted: () => void;
  /** Told where nothing of what was written is there. */
  readonly onRolledBack: () => void;
  readonly storeWait: StoreWait;
  /** Told when a commit fails that nobody waits for. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Writes that share a commit: those of one turn of the event loop, and all that come while the disk rests from the last
 * one, or another program has the store locked. They are in memory until then, so that others find the store unlocked.
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

  /** What is written and not committed; null where nothing is. */
  get open(): Group<Note> | null {
    return this.#group;
  }

  /** The group that what is written now belongs to. */
  begin(): Group<Note> {
    if (this.#group !== null) return this.#group;
    const group: Group<Note> = {
      writes: [],
      notes: new Map(),
      committed: Promise.withResolvers(),
      rest: null,
    };
    // Whether anybody waits for it or not, its failure is told by onBroken.
    group.committed.promise.catch(() => undefined);
    this.#group = group;
    const restMs = this.#restUntilMs - performance.now();
    if (restMs >= 1) group.rest = setTimeout(() => this.#commitOrTell(group), restMs);
    else setImmediate(() => this.#commitOrTell(group));
    return group;
  }

  /** Commits now what is not committed yet, but for a store that is locked: that is tried again by itself. */
  flush(): void {
    if (this.#group !== null) this.#commit(this.#group);
  }

  /** Resolves when all that is written by now is on the disk. Throws where it cannot be. */
  async settled(): Promise<void> {
    this.flush();
    await this.#group?.committed.promise;
  }

  /** Somebody waits for what is not committed yet, and has nothing else to do: the disk rests no longer. */
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
