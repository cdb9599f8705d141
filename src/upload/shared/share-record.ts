import type { Database } from "bun:sqlite";
import { codeOf } from "../../lib/errors.ts";

/** What the store remembers about a shared history. */
export interface ShareMemory {
  /** The last epoch whose beginning was waited out. */
  readonly epoch: string | null;
  /** Something done here was not published in that epoch. */
  readonly isBehind: boolean;
}

/** The machine's connection to the shared store, for `nodupe status`. */
export type ShareState = "joined" | "settling" | "away";

interface Row {
  readonly epoch: string | null;
  readonly publishedRunId: number | null;
}

/** How many contents are read from the store at a time. */
const PAGE = 5_000;

/** What the store remembers about one destination's shared history. */
export class ShareRecord {
  readonly #db: Database;
  readonly #destinationId: number;
  readonly #address: string;
  #state: ShareState | null = null;

  constructor(db: Database, destinationId: number, address: string) {
    this.#db = db;
    this.#destinationId = destinationId;
    this.#address = address;
  }

  /** @param runId the current run; the results of earlier runs may not have been published. */
  memory(runId: number): ShareMemory {
    const row = this.#row();
    const last = this.#db
      .query<{ id: number | null }, [number, number]>(
        "SELECT max(id) AS id FROM upload_run WHERE destination_id = ? AND id < ?",
      )
      .get(this.#destinationId, runId);
    const isTold = row?.publishedRunId != null && row.publishedRunId >= (last?.id ?? 0);
    const isBehind = !isTold || this.retracted().length > 0;
    return { epoch: row?.epoch ?? null, isBehind };
  }

  /** The checksums of done contents, in pages; in a known epoch only those done since the last publication. */
  *done(isKnown: boolean): Generator<readonly string[]> {
    const told = isKnown ? (this.#row()?.publishedRunId ?? -1) : -1;
    const page = this.#db.query<{ checksum: string }, [number, string, number, number]>(
      `SELECT checksum FROM content
       WHERE destination_id = ? AND state = 'done' AND checksum > ? AND coalesce(run_id, 0) > ?
       ORDER BY checksum LIMIT ?`,
    );
    for (let after = ""; ;) {
      const checksums = page.all(this.#destinationId, after, told, PAGE).map(({ checksum }) => checksum);
      if (checksums.length > 0) yield checksums;
      const last = checksums.at(-1);
      if (last === undefined || checksums.length < PAGE) return;
      after = last;
    }
  }

  /** A page of contents that may have been published as done but are not done any more. */
  retracted(): readonly string[] {
    return this.#db
      .query<{ checksum: string }, [number, number]>(
        "SELECT checksum FROM upload_retraction WHERE destination_id = ? ORDER BY checksum LIMIT ?",
      )
      .all(this.#destinationId, PAGE)
      .map(({ checksum }) => checksum);
  }

  /** A page of retractions has been published. */
  retractionTold(checksums: readonly string[]): void {
    this.#write(
      "DELETE FROM upload_retraction WHERE destination_id = ? AND checksum IN (SELECT value FROM json_each(?))",
      this.#destinationId,
      JSON.stringify(checksums),
    );
  }

  /** Records the state, if it has changed. */
  state(state: ShareState, reason: string | null = null): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#write(
      `INSERT INTO upload_share (destination_id, address, state, reason, pid, since_ms) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET address = excluded.address, state = excluded.state, reason = excluded.reason,
           pid = excluded.pid, since_ms = excluded.since_ms`,
      this.#destinationId,
      this.#address,
      state,
      reason,
      process.pid,
      Date.now(),
    );
  }

  /** The beginning of an epoch was waited out. */
  remember(epoch: string): void {
    this.#write("UPDATE upload_share SET epoch = ? WHERE destination_id = ?", epoch, this.#destinationId);
  }

  /** Everything done in runs up to this one was published. */
  told(runId: number): void {
    this.#write(
      "UPDATE upload_share SET published_run_id = ? WHERE destination_id = ?",
      runId,
      this.#destinationId,
    );
  }

  /** Does nothing if another program has locked the store: then something is published, or waited for, once more. */
  #write(sql: string, ...values: (string | number | null)[]): void {
    try {
      this.#db.query(sql).run(...values);
    } catch (error) {
      if (codeOf(error)?.startsWith("SQLITE_BUSY") !== true) throw error;
      this.#state = null;
    }
  }

  #row(): Row | null {
    return this.#db
      .query<Row, [number]>(
        "SELECT epoch, published_run_id AS publishedRunId FROM upload_share WHERE destination_id = ?",
      )
      .get(this.#destinationId);
  }
}

/**
 * Records that contents are no longer done, so that the next run informs the other machines. With `checksums` null, all
 * contents of the destination; call this before they are deleted.
 */
export function retract(db: Database, destinationId: number, checksums: readonly string[] | null): void {
  db.query(
    `INSERT OR IGNORE INTO upload_retraction (destination_id, checksum)
     SELECT content.destination_id, checksum FROM content JOIN upload_share USING (destination_id)
     WHERE destination_id = ?1 AND (?2 IS NULL OR checksum IN (SELECT value FROM json_each(?2)))`,
  ).run(destinationId, checksums === null ? null : JSON.stringify(checksums));
}

/** Records that something became done outside a run, such as by an import: the next run then publishes everything. */
export function tellAgain(db: Database, destinationId: number): void {
  db.query("UPDATE upload_share SET published_run_id = NULL WHERE destination_id = ?").run(destinationId);
}
