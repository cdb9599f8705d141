import type { Database, Statement } from "bun:sqlite";
import type { ContentRow } from "../db/tables/upload.ts";
import type { FoundFile } from "./scan/scan.ts";

/** What the store knows of a content at the run's destination. */
export type ContentStanding = Pick<ContentRow, "state" | "sentAtMs" | "runId" | "status" | "reason">;

/** A content and the file that it is, or would be, sent from. */
export interface Content {
  readonly checksum: string;
  readonly path: string | null;
}

interface Reason {
  readonly status: number | null;
  readonly reason: string | null;
}

/** A file's content as the checksum cache and the store know it. */
export interface KnownFile {
  readonly checksum: string;
  readonly content: ContentStanding | null;
}

type State = ContentRow["state"];
type KnownRow = [
  at: number,
  size: number,
  mtime: number,
  inode: number,
  checksum: string,
  state: State | null,
  sentAtMs: number | null,
  runId: number | null,
  status: number | null,
  reason: string | null,
];

/** Cache rows that are not worth a commit each: a kill loses at most this many, and they are only hashed again. */
const CACHE_ROWS_HELD = 256;

/**
 * One run's book at one destination: every step of a content is committed before the next is taken, so that a kill at
 * any moment leaves it pending, sending (ambiguous) or settled. See "Exactly once" in ARCHITECTURE.md.
 */
export class Ledger {
  readonly #db: Database;
  readonly #destinationId: number;
  readonly #runId: number;
  readonly #now: () => number;
  readonly #known: Statement<unknown, [string, number]>;
  readonly #content: Statement<ContentStanding, [number, string]>;
  readonly #sending: Statement;
  readonly #settle: Statement;
  readonly #mark: Statement;
  readonly #hashed: Statement;
  readonly #renew: Statement;
  #cacheRows: { file: FoundFile; checksum: string }[] = [];

  constructor(db: Database, options: { destinationId: number; runId: number; now?: () => number }) {
    this.#db = db;
    this.#destinationId = options.destinationId;
    this.#runId = options.runId;
    this.#now = options.now ?? Date.now;
    // CROSS JOIN pins the order: json_each drives, the tables are sought by their keys.
    this.#known = db.prepare(
      `SELECT j.key, f.size_bytes, f.mtime_us, f.inode, f.checksum, c.state, c.sent_at_ms, c.run_id, c.status, c.reason
       FROM json_each(?1) AS j CROSS JOIN hashed_file AS f ON f.path = j.value
       LEFT JOIN content AS c ON c.destination_id = ?2 AND c.checksum = f.checksum`,
    );
    this.#content = db.prepare(
      `SELECT state, sent_at_ms AS sentAtMs, run_id AS runId, status, reason
       FROM content WHERE destination_id = ? AND checksum = ?`,
    );
    this.#sending = db.prepare(
      `INSERT INTO content (destination_id, checksum, state, path, sent_at_ms, run_id, updated_at_ms)
       VALUES (?1, ?2, 'sending', ?3, ?4, ?5, ?4)
       ON CONFLICT DO UPDATE SET state = 'sending', path = ?3, sent_at_ms = ?4, run_id = ?5, status = NULL,
         reason = NULL, updated_at_ms = ?4`,
    );
    this.#settle = db.prepare(
      `INSERT INTO content (destination_id, checksum, state, via, status, reason, updated_at_ms, run_id, path)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
       ON CONFLICT DO UPDATE SET state = ?3, via = ?4, status = ?5, reason = ?6, updated_at_ms = ?7, run_id = ?8`,
    );
    this.#mark = db.prepare("UPDATE content SET run_id = ?3 WHERE destination_id = ?1 AND checksum = ?2");
    this.#hashed = db.prepare("INSERT OR REPLACE INTO hashed_file VALUES (?, ?, ?, ?, ?)");
    this.#renew = db.prepare(
      `UPDATE content SET sent_at_ms = ?3
       WHERE destination_id = ?1 AND state = 'sending' AND checksum IN (SELECT value FROM json_each(?2))`,
    );
  }

  /** What is known of a page of files, in one query; null for a file that is new or has changed. */
  lookUp(files: readonly FoundFile[]): (KnownFile | null)[] {
    const known: (KnownFile | null)[] = files.map(() => null);
    const rows = this.#known.values(JSON.stringify(files.map(({ path }) => path)), this.#destinationId);
    for (const row of rows as KnownRow[]) {
      const [at, size, mtime, inode, checksum, state, sentAtMs, runId, status, reason] = row;
      const file = files[at];
      if (file?.sizeBytes !== size || file.mtimeUs !== mtime || file.inode !== inode) continue;
      known[at] = { checksum, content: state === null ? null : { state, sentAtMs, runId, status, reason } };
    }
    return known;
  }

  content(checksum: string): ContentStanding | null {
    return this.#content.get(this.#destinationId, checksum);
  }

  /** Remembers a checksum for the next run; kept back until there is a commit to share. */
  remember(file: FoundFile, checksum: string): void {
    this.#cacheRows.push({ file, checksum });
    if (this.#cacheRows.length >= CACHE_ROWS_HELD) this.flush();
  }

  /** Commits what `remember` was told. */
  flush(): void {
    if (this.#cacheRows.length > 0) this.#inTransaction(() => undefined);
  }

  /** About to be sent: committed before the first byte goes out. */
  sending(contents: readonly Content[]): void {
    const now = this.#now();
    this.#inTransaction(() => {
      for (const { checksum, path } of contents)
        this.#sending.run(this.#destinationId, checksum, path, now, this.#runId);
    });
  }

  /** Still on their way: what is found `sending` after a kill was there at most one renewal ago. */
  renew(checksums: readonly string[]): void {
    this.#renew.run(this.#destinationId, JSON.stringify(checksums), this.#now());
  }

  done(content: Content, via: "upload" | "server"): void {
    this.#write(content, "done", via, { status: null, reason: null });
  }

  /** Certainly not stored; to be sent again. */
  pending(content: Content, because: Reason): void {
    this.#write(content, "pending", null, because);
  }

  /** Refused for good: not sent again until it is asked for. */
  failed(content: Content, because: Reason): void {
    this.#write(content, "failed", null, because);
  }

  /** Takes note that this run has come across a content that it does not send. */
  seen(checksum: string): void {
    this.#mark.run(this.#destinationId, checksum, this.#runId);
  }

  /** Contents that an earlier run left in flight and this one has not come across. */
  strays(limit: number): { checksum: string; sentAtMs: number | null }[] {
    // `state <> 'done'` is what lets SQLite use the partial index.
    return this.#db
      .query<{ checksum: string; sentAtMs: number | null }, [number, number, number]>(
        `SELECT checksum, sent_at_ms AS sentAtMs FROM content
         WHERE destination_id = ? AND state = 'sending' AND state <> 'done' AND run_id IS NOT ? LIMIT ?`,
      )
      .all(this.#destinationId, this.#runId, limit);
  }

  #write(content: Content, state: State, via: "upload" | "server" | null, because: Reason): void {
    const { checksum, path } = content;
    const { status, reason } = because;
    this.#settle.run(
      this.#destinationId,
      checksum,
      state,
      via,
      status,
      reason,
      this.#now(),
      this.#runId,
      path,
    );
  }

  #inTransaction(body: () => void): void {
    this.#db.run("BEGIN IMMEDIATE");
    try {
      for (const { file, checksum } of this.#cacheRows)
        this.#hashed.run(file.path, file.sizeBytes, file.mtimeUs, file.inode, checksum);
      body();
      this.#db.run("COMMIT");
    } catch (error) {
      if (this.#db.inTransaction) this.#db.run("ROLLBACK");
      throw error;
    }
    this.#cacheRows = [];
  }
}
