import type { Database } from "bun:sqlite";
import { wait } from "../../lib/wait.ts";
import type { WatchMode } from "./watch.ts";

const RETRY_MS = 250;
/** How often the removal of the record is tried when the process is asked to end. */
const REMOVALS = 8;

interface Watch {
  readonly destinationId: number;
  readonly folder: string;
}

/**
 * Records that a folder is watched, and how, for `nodupe status`; removed at the end. A store that cannot be written,
 * because a backup has it locked, never ends the watching: it is tried again until it can.
 */
export class WatchRecord implements AsyncDisposable {
  readonly #db: Database;
  readonly #watch: Watch;
  readonly #over = new AbortController();
  #unwritten: WatchMode | { readonly type: "starting" } | null = null;
  #writing: Promise<void> | null = null;

  constructor(db: Database, watch: Watch) {
    this.#db = db;
    this.#watch = watch;
    this.mode({ type: "starting" });
  }

  mode(mode: WatchMode | { readonly type: "starting" }): void {
    this.#unwritten = mode;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = null));
  }

  async #writeAll(): Promise<void> {
    while (this.#unwritten !== null) {
      if (this.#write(this.#unwritten)) this.#unwritten = null;
      else if (!(await wait(RETRY_MS, this.#over.signal))) return;
    }
  }

  #write(mode: WatchMode | { readonly type: "starting" }): boolean {
    const reason = mode.type === "scanning" ? mode.reason : null;
    const { destinationId, folder } = this.#watch;
    return this.#try(
      "INSERT OR REPLACE INTO upload_watch (destination_id, pid, folder, mode, reason, since_ms) VALUES (?, ?, ?, ?, ?, ?)",
      [destinationId, process.pid, folder, mode.type, reason, Date.now()],
    );
  }

  /** Whether it was written. What is wrong with the store is reported by the runs, which cannot do without it. */
  #try(sql: string, values: (string | number | null)[]): boolean {
    try {
      this.#db.query(sql).run(...values);
      return true;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#writing;
    const remove = "DELETE FROM upload_watch WHERE destination_id = ? AND pid = ?";
    for (let left = REMOVALS; left > 0; left -= 1) {
      if (this.#try(remove, [this.#watch.destinationId, process.pid])) return;
      await wait(RETRY_MS);
    }
  }
}
