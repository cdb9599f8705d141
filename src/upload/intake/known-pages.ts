import type { Database, Statement } from "bun:sqlite";
import type { FilePage, FoundFile } from "../scan/file-page.ts";

/** A page whose files are all done, at the destination and generation given by the epoch. */
interface KnownPage {
  readonly folder: string;
  readonly number: number;
  readonly digest: Uint8Array;
  readonly epoch: number;
}

/** A page with this many files not done yet. */
interface OpenPage extends KnownPage {
  left: number;
}

/**
 * The pages of folders whose files were all found done, by their digests. If a page is unchanged, and nothing at the
 * destination has ceased to be done since, none of its files is looked up. For an unchanged tree that is nearly all
 * there is to do.
 *
 * Only what the checksum cache knows from each file's row is remembered here: this is never the first to know about a
 * file.
 */
export class KnownPages {
  readonly #write: Statement;
  readonly #forget: Statement;
  /** Files that this run may still see done, as they were on their page. */
  readonly #open = new WeakMap<FoundFile, OpenPage>();
  #unwritten: KnownPage[] = [];

  constructor(db: Database) {
    this.#write = db.prepare(
      `INSERT OR REPLACE INTO hashed_page (folder_id, page, digest, done_epoch)
       SELECT id, ?2, ?3, ?4 FROM hashed_folder WHERE path = ?1`,
    );
    this.#forget = db.prepare("DELETE FROM hashed_page WHERE folder_id = ?");
  }

  /**
   * The page becomes known once its open files are done, or at once if there are none.
   *
   * @param epoch as it was before the files were looked up.
   */
  expect(page: FilePage, epoch: number, open: readonly FoundFile[]): void {
    // A partial page would replace that of a run with more files, which would then not recognise it.
    if (page.isPartial) return;
    const { folder, number } = page;
    const expected = { folder, number, digest: page.digest(), epoch, left: open.length };
    for (const file of open) this.#open.set(file, expected);
    if (open.length === 0) this.#unwritten.push(expected);
  }

  /** The disk now records that a file, as it was on its page, is done. */
  done(file: FoundFile): void {
    const page = this.#open.get(file);
    if (page === undefined) return;
    this.#open.delete(file);
    page.left -= 1;
    if (page.left === 0) this.#unwritten.push(page);
  }

  /** Forgets all pages of a folder. */
  forget(folderId: number): void {
    this.#forget.run(folderId);
  }

  /** Pages not written yet. */
  get size(): number {
    return this.#unwritten.length;
  }

  /** Writes them, within the caller's transaction. */
  write(): void {
    for (const { folder, number, digest, epoch } of this.#unwritten)
      this.#write.run(folder, number, digest, epoch);
    this.#unwritten = [];
  }
}
