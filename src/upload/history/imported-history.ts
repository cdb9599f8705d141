import { tellAgain } from "../shared/share-record.ts";
import { Database } from "bun:sqlite";
import { createCollector } from "../../lib/engine.ts";
import { nextTurn } from "../../lib/wait.ts";

/** Rows written by one statement of an import. */
const ROWS_A_STEP = 5_000;
/** Each checksum is text in three places, so garbage is collected after this many if memory has grown. */
const COLLECTION = { every: 50_000, fromGrowthBytes: 16 * 1024 ** 2 };

export interface ImportOptions {
  readonly nowMs: number;
  /** Count only. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Checksums on their way into the store, in any order and number. They wait in temporary tables, in files that SQLite
 * has already unlinked. So millions take no memory, and the store is neither created nor locked while a slow pipe is
 * read.
 */
export class ImportedHistory implements Disposable {
  readonly #arrived = new Database(":memory:");
  readonly #collect = createCollector(COLLECTION);

  constructor() {
    this.#arrived.run("PRAGMA temp_store = FILE");
    this.#arrived.run("CREATE TEMP TABLE arrived (checksum TEXT NOT NULL) STRICT");
  }

  add(checksums: readonly string[]): void {
    if (checksums.length === 0) return;
    this.#arrived.query("INSERT INTO arrived SELECT value FROM json_each(?)").run(JSON.stringify(checksums));
    this.#collect(checksums.length);
  }

  /**
   * Imports all of them as done at a destination: the server has them, according to an earlier client. All of them or
   * none. `known` were done before.
   *
   * @throws the signal's reason if it aborts; nothing was imported then.
   */
  async takeOver(
    db: Database,
    destinationId: number,
    options: ImportOptions,
  ): Promise<{ imported: number; known: number }> {
    const { nowMs, dryRun, signal } = options;
    const done = db.query<{ count: number }, [number, string]>(
      `SELECT count(*) AS count FROM json_each(?2) AS one CROSS JOIN content
       WHERE content.destination_id = ?1 AND content.checksum = one.value AND content.state = 'done'`,
    );
    const insert = db.query(
      `INSERT INTO content (destination_id, checksum, state, via, updated_at_ms)
       SELECT ?1, value, 'done', 'import', ?3 FROM json_each(?2) WHERE true
       ON CONFLICT DO UPDATE SET state = 'done', via = 'import', status = NULL, reason = NULL, updated_at_ms = ?3
       WHERE state <> 'done'`,
    );
    let imported = 0;
    let known = 0;
    if (!dryRun) db.run("BEGIN IMMEDIATE");
    try {
      for (const page of this.#pages()) {
        const json = JSON.stringify(page);
        const changed = dryRun
          ? page.length - (done.get(destinationId, json)?.count ?? 0)
          : insert.run(destinationId, json, nowMs).changes;
        imported += changed;
        known += page.length - changed;
        this.#collect(page.length);
        await nextTurn();
        signal.throwIfAborted();
      }
      if (!dryRun) {
        tellAgain(db, destinationId);
        db.run("COMMIT");
      }
    } catch (error) {
      if (db.inTransaction) db.run("ROLLBACK");
      throw error;
    }
    return { imported, known };
  }

  /** Each checksum once, in order, so that they are appended to the store's table from left to right. */
  *#pages(): Generator<string[]> {
    this.#arrived.run("CREATE TEMP TABLE sorted AS SELECT DISTINCT checksum FROM arrived ORDER BY checksum");
    this.#arrived.run("DROP TABLE arrived");
    const page = this.#arrived.query<{ checksum: string }, [number, number]>(
      "SELECT checksum FROM sorted WHERE rowid > ? ORDER BY rowid LIMIT ?",
    );
    for (let from = 0; ; from += ROWS_A_STEP) {
      const rows = page.all(from, ROWS_A_STEP);
      if (rows.length === 0) return;
      yield rows.map(({ checksum }) => checksum);
    }
  }

  [Symbol.dispose](): void {
    this.#arrived.close();
  }
}
