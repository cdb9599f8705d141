import type { Database, Statement } from "bun:sqlite";
import type { ContentRow } from "../../db/tables/upload.ts";
import { type Boot, sureAgoMs, thisBoot } from "./boot.ts";
import { ChecksumCache, type ChecksumCacheOptions, type KnownFile } from "../intake/checksum-cache.ts";
import { pruneCache } from "../intake/prune-cache.ts";
import { GroupCommit } from "./group-commit.ts";
import type { FilePage, FoundFile } from "../scan/file-page.ts";
import { StoreWait } from "./store-guard.ts";

/** What the store knows about a content at the run's destination. */
export type ContentStanding = Pick<
  ContentRow,
  "state" | "sentUptimeMs" | "sentBoot" | "runId" | "status" | "reason"
>;

/** A content, and the file that it is or would be sent from. */
export interface Content {
  readonly checksum: string;
  readonly path: string | null;
}

interface Reason {
  readonly status: number | null;
  readonly reason: string | null;
}

type State = ContentRow["state"];

export interface LedgerOptions extends ChecksumCacheOptions {
  readonly runId: number;
  /** Called when a commit fails that nobody waits for; without it, that error ends the process. */
  readonly onBroken?: (error: unknown) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly boot?: Boot;
  /** See storeGuard. */
  readonly guard?: () => void;
  /** How to wait for a store locked by another program; without it, a locked store is an error at once. */
  readonly storeWait?: StoreWait;
}

/**
 * One run's records at one destination. Nothing is sent before its row says `sending` on the disk, so a kill at any
 * moment leaves a content pending, sending (ambiguous: the next run asks the server) or settled.
 *
 * Everything written within one turn of the event loop, or during the pause after the last commit, shares one commit:
 * with 20 uploads at once that is a fraction of the syncs. Until then it is kept in memory, so that other commands find
 * the store unlocked. If a kill prevents the commit of an answer, the content is still `sending`, so it is not
 * forgotten.
 */
export class Ledger {
  readonly #db: Database;
  readonly #cache: ChecksumCache;
  readonly #destinationId: number;
  readonly #runId: number;
  readonly #now: () => number;
  readonly #boot: Boot;
  readonly #content: Statement<ContentStanding, [number, string]>;
  readonly #sending: Statement;
  readonly #settle: Statement;
  readonly #mark: Statement;
  readonly #renew: Statement;
  readonly #doubt: Statement;
  readonly #commits: GroupCommit<ContentStanding>;

  constructor(db: Database, options: LedgerOptions) {
    this.#db = db;
    this.#cache = new ChecksumCache(db, options);
    // KiB. Rows are read next to each other or at random: the system's own cache of the file serves both.
    db.run("PRAGMA cache_size = -256");
    this.#destinationId = options.destinationId;
    this.#runId = options.runId;
    this.#now = options.now ?? Date.now;
    this.#boot = options.boot ?? thisBoot();
    const onBroken =
      options.onBroken ??
      ((error: unknown): never => {
        throw error;
      });
    this.#commits = new GroupCommit(db, {
      alsoWrite: () => this.#cache.write(),
      onCommitted: () => {
        options.guard?.();
        this.#cache.committed();
      },
      onRolledBack: () => this.#cache.rolledBack(),
      storeWait: options.storeWait ?? new StoreWait({ waitMs: 0, onWaiting: () => undefined }),
      onBroken,
    });
    this.#content = db.prepare(
      `SELECT state, sent_uptime_ms AS sentUptimeMs, sent_boot AS sentBoot, run_id AS runId, status, reason
       FROM content WHERE destination_id = ? AND checksum = ?`,
    );
    this.#sending = db.prepare(
      `INSERT INTO content (destination_id, checksum, state, path, sent_at_ms, run_id, updated_at_ms, sent_uptime_ms,
         sent_boot)
       VALUES (?1, ?2, 'sending', ?3, ?4, ?5, ?4, ?6, ?7)
       ON CONFLICT DO UPDATE SET state = 'sending', path = ?3, sent_at_ms = ?4, run_id = ?5, status = NULL,
         reason = NULL, updated_at_ms = ?4, sent_uptime_ms = ?6, sent_boot = ?7`,
    );
    this.#settle = db.prepare(
      `INSERT INTO content (destination_id, checksum, state, via, status, reason, updated_at_ms, run_id, path)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
       ON CONFLICT DO UPDATE SET state = ?3, via = ?4, status = ?5, reason = ?6, updated_at_ms = ?7, run_id = ?8,
         sent_uptime_ms = NULL, sent_boot = NULL`,
    );
    this.#mark = db.prepare("UPDATE content SET run_id = ?3 WHERE destination_id = ?1 AND checksum = ?2");
    this.#renew = db.prepare(
      `UPDATE content SET sent_at_ms = ?3, sent_uptime_ms = ?4, sent_boot = ?5
       WHERE destination_id = ?1 AND state = 'sending' AND checksum IN (SELECT value FROM json_each(?2))`,
    );
    this.#doubt = db.prepare(
      "UPDATE content SET status = ?3, reason = ?4 WHERE destination_id = ?1 AND state = 'sending' AND checksum = ?2",
    );
  }

  /** What is known about a page's files, in their order; null if all are done, as they were last time. */
  lookUp(page: FilePage): readonly KnownFile[] | null {
    const known = this.#cache.lookUp(page);
    if (this.#cache.isFull) this.flush();
    return known;
  }

  content(checksum: string): ContentStanding | null {
    return this.#commits.open?.notes.get(checksum) ?? this.#content.get(this.#destinationId, checksum);
  }

  /** Remembers a checksum for the next run; held back until there is a commit to share. */
  remember(file: FoundFile, checksum: string, readFromMs: number): void {
    this.#cache.remember(file, checksum, readFromMs);
    if (this.#cache.isFull) this.flush();
  }

  /** Commits everything not committed yet. If another program prevents that, it is retried automatically. */
  flush(): void {
    this.#writeCache();
    this.#commits.flush();
  }

  /** Resolves when everything written so far is on the disk. Throws if it cannot be written. */
  async settled(): Promise<void> {
    this.#writeCache();
    await this.#commits.settled();
  }

  /** Forgets checksums of files that no longer exist. For the end of a run that has seen the whole tree. */
  prune(): void {
    this.flush();
    const { changingFolders: folderIds } = this.#cache;
    pruneCache(this.#db, { folderIds, nowMs: this.#now(), random: Math.random });
  }

  /**
   * Marks contents as about to be sent. The promise is that of the commit, the same for all that share it: only when it
   * resolves may the first byte go out.
   */
  sending(contents: readonly Content[]): Promise<void> {
    const now = this.#now();
    const sentUptimeMs = Math.round(this.#boot.uptimeMs());
    const sentBoot = this.#boot.id;
    const runId = this.#runId;
    const standing = { state: "sending", sentUptimeMs, sentBoot, runId, status: null, reason: null } as const;
    const group = this.#commits.begin();
    for (const { checksum, path } of contents) {
      group.notes.set(checksum, standing);
      group.writes.push(() =>
        this.#sending.run(this.#destinationId, checksum, path, now, this.#runId, sentUptimeMs, sentBoot),
      );
    }
    return group.committed.promise;
  }

  /** Ends the pause between commits: somebody waits for a commit and has nothing else to do. */
  hurry(): void {
    this.#commits.hurry();
  }

  /** Renews the recorded time of uploads in flight: after a kill it is at most one renewal behind. */
  renew(checksums: readonly string[]): void {
    const now = this.#now();
    const uptimeMs = Math.round(this.#boot.uptimeMs());
    const list = JSON.stringify(checksums);
    this.#commits
      .begin()
      .writes.push(() => this.#renew.run(this.#destinationId, list, now, uptimeMs, this.#boot.id));
  }

  /** The upload has ended and may have arrived: the row stays `sending`, and gives the reason. */
  doubt(checksum: string, { status, reason }: Reason): void {
    this.renew([checksum]);
    this.#commits.begin().writes.push(() => this.#doubt.run(this.#destinationId, checksum, status, reason));
  }

  /** The least time since a content was last known to be in flight; null if it never was. */
  sentAgoMs({ sentUptimeMs, sentBoot, state }: ContentStanding): number | null {
    if (state !== "sending") return null;
    return sureAgoMs({ boot: sentBoot, uptimeMs: sentUptimeMs }, this.#boot);
  }

  done(content: Content, via: "upload" | "server"): void {
    this.#write(content, "done", via, { status: null, reason: null });
    if (content.path !== null) this.#cache.markDone(content.path, content.checksum);
  }

  /** The content is certainly not stored: it is to be sent again. */
  pending(content: Content, because: Reason): void {
    this.#write(content, "pending", null, because);
  }

  /** The content was refused for good: it is not sent again until the user asks for that. */
  failed(content: Content, because: Reason): void {
    this.#write(content, "failed", null, because);
  }

  /** Notes that this run has come across a content that it does not send. */
  seen(checksum: string): void {
    this.#setRun(checksum, this.#runId);
  }

  /** This run has no file left for the content: a file found later may take it up again. */
  unseen(checksum: string): void {
    this.#setRun(checksum, null);
  }

  /** Contents that an earlier run left in flight and this one has not come across, and how long ago that was. */
  async strays(limit: number): Promise<{ checksum: string; sentAgoMs: number }[]> {
    await this.settled();
    // `state <> 'done'` lets SQLite use the partial index.
    return this.#db
      .query<{ checksum: string; uptimeMs: number | null; boot: string | null }, [number, number, number]>(
        `SELECT checksum, sent_uptime_ms AS uptimeMs, sent_boot AS boot FROM content
         WHERE destination_id = ? AND state = 'sending' AND state <> 'done' AND run_id IS NOT ? LIMIT ?`,
      )
      .all(this.#destinationId, this.#runId, limit)
      .map(({ checksum, ...moment }) => ({ checksum, sentAgoMs: sureAgoMs(moment, this.#boot) }));
  }

  #writeCache(): void {
    if (!this.#cache.isEmpty) this.#commits.begin().writes.push(() => this.#cache.writeAll());
  }

  #setRun(checksum: string, runId: number | null): void {
    const group = this.#commits.begin();
    const standing = this.content(checksum);
    if (standing !== null) group.notes.set(checksum, { ...standing, runId });
    group.writes.push(() => this.#mark.run(this.#destinationId, checksum, runId));
  }

  #write(content: Content, state: State, via: "upload" | "server" | null, because: Reason): void {
    const group = this.#commits.begin();
    const { checksum, path } = content;
    const { status, reason } = because;
    const now = this.#now();
    const runId = this.#runId;
    group.notes.set(checksum, { state, sentUptimeMs: null, sentBoot: null, runId, status, reason });
    group.writes.push(() =>
      this.#settle.run(this.#destinationId, checksum, state, via, status, reason, now, this.#runId, path),
    );
  }
}
