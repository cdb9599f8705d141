import type { Database, Statement } from "bun:sqlite";
import type { FilePage, FoundFile } from "../scan/file-page.ts";
import { KnownPages } from "./known-pages.ts";
import { isSame } from "./settling.ts";

/** What the cache knows about a file: its content is done; its checksum; or nothing, if it is new or has changed. */
export type KnownFile =
  | { readonly type: "done" }
  | { readonly type: "hashed"; readonly file: FoundFile; readonly checksum: string }
  | { readonly type: "new"; readonly file: FoundFile };

const DONE = { type: "done" } as const satisfies KnownFile;

export interface ChecksumCacheOptions {
  readonly destinationId: number;
  /** Ignores what is known: every file is hashed, and remembered again. */
  readonly isIgnored?: boolean | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const DAY_MS = 86_400_000;
/**
 * File times advance in ticks: the kernel's (10 ms at most), or the file system's (whole seconds, on FAT two of them).
 * A second change within one tick cannot be seen. So a file younger than a tick is not remembered, and is hashed again
 * in the next run ("racy git", J. Hamano).
 */
const TICK_MS = 20;
const COARSE_TICK_MS = 2_000;
const SECOND_US = 1_000_000;
/**
 * Rows held back until their content is done, which then cost one statement instead of two. More than can wait to be
 * sent (LINE_LIMIT). A kill loses at most this many, and they only have to be hashed again.
 */
const HASHED_HELD = 512;
const MARKS_HELD = 4_096;
/** At most this many changed folders are reported. */
const CHANGING_LIMIT = 16;

/** at, size, mtime, ctime, inode, device; the checksum, or null where the content is known to be done. */
type CachedRow = [number, number, number, number, number, number, string | null];

/** What the store has about a page of a folder that a run has visited; no digest unless all its files were done. */
interface PageRow {
  readonly folderId: number;
  readonly seenAtMs: number;
  readonly epoch: number;
  readonly digest: Uint8Array | null;
}

interface Mark {
  readonly folder: string;
  readonly entry: string;
  readonly checksum: string;
}

/** A file's checksum, or that its content is done. */
type Found = string | typeof DONE | undefined;

interface Hashed {
  readonly file: FoundFile;
  readonly checksum: string;
}

function isRacy({ mtimeUs, ctimeUs }: FoundFile, readFromMs: number): boolean {
  // Only the kernel sets ctime: if it has whole seconds, the file system has no finer ones.
  const tickMs = ctimeUs % SECOND_US === 0 ? COARSE_TICK_MS : TICK_MS;
  return Math.max(mtimeUs, ctimeUs) / 1_000 > readFromMs - tickMs;
}

/**
 * The checksum that each file had when it was last hashed, by folder and name. It is valid as long as size, mtime,
 * ctime, inode and device are unchanged: ctime reveals a change whose mtime was put back, and a new file on an old
 * inode.
 *
 * Each row also says whether that content is done, so that a known file costs one row and no second look-up by
 * checksum, which would be at a random place. This mark is valid for one generation of the destination
 * (`done_generation`), which triggers end as soon as any of its contents is no longer done; then `content` is asked,
 * and the mark is renewed.
 *
 * Writes are held back for a commit of the ledger: call `write` and `writeAll` within one, and `committed` or
 * `rolledBack` after it.
 */
export class ChecksumCache {
  readonly #options: ChecksumCacheOptions;
  readonly #folder: Statement<{ id: number; seenAtMs: number }, [string]>;
  readonly #files: Statement<unknown, [string, number, number]>;
  readonly #areDone: Statement<unknown, [string, number]>;
  readonly #page: Statement<PageRow, [string, number, number]>;
  readonly #epoch: Statement<{ epoch: number }, [number]>;
  readonly #seeFolder: Statement<{ id: number }, [string, number]>;
  readonly #insert: Statement<{ epoch: number | null }>;
  readonly #mark: Statement;
  readonly #pages: KnownPages;
  /** By path; not known to be done. */
  readonly #hashed = new Map<string, Hashed>();
  #done: Hashed[] = [];
  /** Written as done within the commit in progress. */
  #underWay: FoundFile[] = [];
  #marks: Mark[] = [];
  #seen = new Set<string>();
  readonly #changing = new Set<number>();

  constructor(db: Database, options: ChecksumCacheOptions) {
    this.#options = options;
    this.#folder = db.prepare("SELECT id, seen_at_ms AS seenAtMs FROM hashed_folder WHERE path = ?");
    // One statement for all that a known page needs: a run over known files does hardly anything else. With joins
    // SQLite would plan it anew for each path that is bound.
    const epoch = "(SELECT (id << 32) + done_generation FROM destination WHERE id = ?3)";
    this.#page = db.prepare(
      `SELECT f.id AS folderId, f.seen_at_ms AS seenAtMs, ${epoch} AS epoch,
         (SELECT digest FROM hashed_page WHERE folder_id = f.id AND page = ?2 AND done_epoch = ${epoch}) AS digest
       FROM hashed_folder AS f WHERE f.path = ?1`,
    );
    // CROSS JOIN fixes the order: json_each drives, and the rows, found by their key, are next to each other.
    this.#files = db.prepare(
      `SELECT j.key, f.size_bytes, f.mtime_us, f.ctime_us, f.inode, f.device,
         CASE WHEN f.done_epoch IS ?3 THEN NULL ELSE lower(hex(f.checksum)) END
       FROM json_each(?1) AS j CROSS JOIN hashed_file AS f ON f.folder_id = ?2 AND f.name = j.value`,
    );
    this.#areDone = db.prepare(
      `SELECT j.key FROM json_each(?1) AS j
       CROSS JOIN content AS c ON c.destination_id = ?2 AND c.checksum = j.value WHERE c.state = 'done'`,
    );
    // Destination and generation in one number; both stay far below 2^21 and 2^32.
    this.#epoch = db.prepare("SELECT (id << 32) + done_generation AS epoch FROM destination WHERE id = ?");
    this.#seeFolder = db.prepare(
      `INSERT INTO hashed_folder (path, seen_at_ms) VALUES (?1, ?2)
       ON CONFLICT DO UPDATE SET seen_at_ms = ?2 RETURNING id`,
    );
    this.#insert = db.prepare(
      `INSERT OR REPLACE INTO hashed_file
         (folder_id, name, size_bytes, mtime_us, ctime_us, inode, device, checksum, done_epoch)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, unhex(?8),
         CASE WHEN ?9 IS NOT NULL
           AND EXISTS (SELECT 1 FROM content WHERE destination_id = ?10 AND checksum = ?8 AND state = 'done')
         THEN ?9 END) RETURNING done_epoch AS epoch`,
    );
    this.#mark = db.prepare(
      `UPDATE hashed_file SET done_epoch = ?4
       WHERE folder_id = (SELECT id FROM hashed_folder WHERE path = ?1) AND name = ?2 AND checksum = unhex(?3)
         AND EXISTS (SELECT 1 FROM content WHERE destination_id = ?5 AND checksum = ?3 AND state = 'done')`,
    );
    this.#pages = new KnownPages(db);
  }

  /** What is known about a page's files, in their order; null if all are done, as they were last time. */
  lookUp(page: FilePage): readonly KnownFile[] | null {
    if (this.#options.isIgnored === true) return knownOf(page, []);
    const row = this.#page.get(page.folder, page.number, this.#options.destinationId);
    if (row !== null) this.#see(page.folder, row.seenAtMs);
    if (row !== null && row.digest !== null && Buffer.compare(row.digest, page.digest()) === 0) return null;
    const epoch = row?.epoch ?? this.#currentEpoch();
    const found = row === null ? [] : this.#lookUpFiles(page, row.folderId, epoch);
    const known = knownOf(page, found);
    this.#pages.expect(
      page,
      epoch,
      known.flatMap((file) => (file.type === "done" ? [] : [file.file])),
    );
    return known;
  }

  /** Remembers a file's checksum, and when reading it began (ms since the epoch). */
  remember(file: FoundFile, checksum: string, readFromMs: number): void {
    if (!isRacy(file, readFromMs)) this.#hashed.set(file.path, { file, checksum });
  }

  /** A content has become done, or does so within the commit that this is written in. */
  markDone(path: string, checksum: string): void {
    const hashed = this.#hashed.get(path);
    if (hashed?.checksum === checksum) {
      this.#hashed.delete(path);
      this.#done.push(hashed);
      return;
    }
    const at = path.lastIndexOf("/") + 1;
    this.#marks.push({ folder: path.slice(0, at), entry: path.slice(at), checksum });
  }

  /** So much is held back that it is time to write it all. */
  get isFull(): boolean {
    return this.#hashed.size >= HASHED_HELD || this.#marksHeld >= MARKS_HELD;
  }

  /** The ids of some of the folders in which something was hashed. */
  get changingFolders(): readonly number[] {
    return [...this.#changing];
  }

  get isEmpty(): boolean {
    return this.#hashed.size + this.#done.length + this.#marksHeld === 0;
  }

  get #marksHeld(): number {
    return this.#marks.length + this.#pages.size + this.#seen.size;
  }

  /** Writes the files that are done, within the caller's transaction. */
  write(): void {
    if (this.#done.length > 0) this.#insertAll(this.#done, this.#currentEpoch());
    this.#done = [];
  }

  /** Writes everything held back, likewise. */
  writeAll(): void {
    this.write();
    for (const folder of this.#seen) this.#seeFolder.get(folder, this.#now());
    this.#insertAll(this.#hashed.values(), null);
    const epoch = this.#marks.length > 0 ? this.#currentEpoch() : 0;
    const { destinationId } = this.#options;
    for (const { folder, entry, checksum } of this.#marks)
      this.#mark.run(folder, entry, checksum, epoch, destinationId);
    this.#pages.write();
    this.#seen = new Set();
    this.#hashed.clear();
    this.#marks = [];
  }

  /** The written rows are on the disk. */
  committed(): void {
    for (const file of this.#underWay) this.#pages.done(file);
    this.#underWay = [];
  }

  /** None of the written rows is on the disk. */
  rolledBack(): void {
    this.#underWay = [];
  }

  /** @param epoch the epoch in which their content is done; null if they are not known to be done. */
  #insertAll(hashed: Iterable<Hashed>, epoch: number | null): void {
    const nowMs = this.#now();
    const { destinationId } = this.#options;
    let last = { folder: "", id: 0 };
    for (const { file, checksum } of hashed) {
      const { folder, entry, sizeBytes, mtimeUs, ctimeUs, inode, device } = file;
      if (folder !== last.folder) {
        last = { folder, id: this.#idOf(folder, nowMs) };
        // The digest of a page describes files as they look, not the content just found in this one.
        if (this.#options.isIgnored === true) this.#pages.forget(last.id);
      }
      if (this.#changing.size < CHANGING_LIMIT) this.#changing.add(last.id);
      const status = [sizeBytes, mtimeUs, ctimeUs, inode, device] as const;
      const row = this.#insert.get(last.id, entry, ...status, checksum, epoch, destinationId);
      if (row?.epoch !== null) this.#underWay.push(file);
    }
  }

  /** The folder's id. Marks the folder as seen today. */
  #idOf(path: string, nowMs: number): number {
    const known = this.#folder.get(path);
    if (known !== null && Math.abs(nowMs - known.seenAtMs) <= DAY_MS) return known.id;
    const made = this.#seeFolder.get(path, nowMs);
    if (made === null) throw new Error("Cannot remember a folder of the checksum cache");
    return made.id;
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }

  #currentEpoch(): number {
    return this.#epoch.get(this.#options.destinationId)?.epoch ?? 0;
  }

  /** Has it written, once a day, that a folder is still there. */
  #see(path: string, seenAtMs: number): void {
    // If the clock was put back, folders can have been seen in the future.
    if (Math.abs(this.#now() - seenAtMs) > DAY_MS) this.#seen.add(path);
  }

  /** The checksums of a page's files whose rows show no change; DONE if the content is done. */
  #lookUpFiles(page: FilePage, folderId: number, epoch: number): Found[] {
    const found: Found[] = [];
    const names = JSON.stringify(Array.from({ length: page.size }, (_, at) => page.name(at)));
    for (const row of this.#files.values(names, folderId, epoch) as CachedRow[]) {
      const [at, sizeBytes, mtimeUs, ctimeUs, inode, device, checksum] = row;
      if (isSame(page.identity(at), { sizeBytes, mtimeUs, ctimeUs, inode, device }))
        found[at] = checksum ?? DONE;
    }
    this.#askWhetherDone(page, found);
    return found;
  }

  /** Asks the store about contents that the files' rows do not mark as done. */
  #askWhetherDone(page: FilePage, found: Found[]): void {
    const asked = [...found.entries()].flatMap(([at, checksum]) =>
      typeof checksum === "string" ? [{ at, checksum }] : [],
    );
    if (asked.length === 0) return;
    const checksums = JSON.stringify(asked.map(({ checksum }) => checksum));
    for (const [key] of this.#areDone.values(checksums, this.#options.destinationId) as [number][]) {
      const done = asked[key];
      if (done === undefined) continue;
      found[done.at] = DONE;
      this.#marks.push({ folder: page.folder, entry: page.name(done.at), checksum: done.checksum });
    }
  }
}

function knownOf(page: FilePage, found: readonly Found[]): KnownFile[] {
  return Array.from({ length: page.size }, (_, at) => {
    const what = found[at];
    if (what === DONE) return DONE;
    const file = page.file(at);
    return typeof what === "string" ? { type: "hashed", file, checksum: what } : { type: "new", file };
  });
}
