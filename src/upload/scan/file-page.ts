import type { FileStatus } from "../../lib/file-status.ts";
import { IDENTITY_WORDS, keepIdentity, statusIn, statxBuffer, takeIdentity } from "../../lib/ffi/statx.ts";

/** A CV in the tree. Size, times, inode and device together show whether it is still the file that was hashed. */
export interface FoundFile extends Omit<FileStatus, "type"> {
  /** The folder's path, ending in `/`, and the name in it. Exact: bytes that are not UTF-8 as in path-bytes.ts. */
  readonly folder: string;
  readonly entry: string;
  /** Folder and name together. */
  readonly path: string;
  /** Below the root, with `/`; well-formed, as it is sent. */
  readonly relativePath: string;
  readonly name: string;
}

/** The location of the files of a page. */
export interface PagePlace {
  /** The folder's path, ending in `/`, exact. */
  readonly folder: string;
  /** The same below the root, as it is sent. */
  readonly sentBase: string;
  /** Only some files of the folder are looked for. */
  readonly isPartial: boolean;
}

/** A folder that is read piece by piece, as by Directory. */
export interface FolderPieces {
  readPiece(): boolean;
  readonly piece: Uint8Array;
  /** The name of the entry at a place in the piece. */
  nameAt(place: number): string;
}

type Identity = Omit<FileStatus, "type">;

/** What is kept for a file: its place in the piece, and its identity. */
const WORDS = 1 + IDENTITY_WORDS;
const FIRST_FILES = 1_024;
const scratch = statxBuffer();

/** Names that are UTF-8, as nearly all are, are sent unchanged. */
export function sentName(name: string): string {
  return name.isWellFormed() ? name : name.toWellFormed();
}

/** The CVs in a piece of a folder, as numbers: most are known, and need no objects. It is reused for the next piece. */
export class FilePage {
  #place: PagePlace = { folder: "", sentBase: "", isPartial: false };
  #pieces: FolderPieces | null = null;
  #number = -1;
  #size = 0;
  #words = new Uint32Array(FIRST_FILES * WORDS);

  /** Starts a folder at its beginning. */
  enter(pieces: FolderPieces, place: PagePlace): void {
    this.#pieces = pieces;
    this.#place = place;
    this.#number = -1;
    this.#size = 0;
  }

  /** Goes on to the next piece of the folder; false at its end. Throws the system's error. */
  next(): boolean {
    this.#size = 0;
    this.#number += 1;
    return this.#pieces?.readPiece() === true;
  }

  /**
   * Adds the entry at a place in the piece, which is a CV.
   *
   * @param status as statx.ts has it.
   */
  add(place: number, status: Uint32Array): void {
    const at = this.#size * WORDS;
    if (at === this.#words.length) {
      const wider = new Uint32Array(2 * at);
      wider.set(this.#words);
      this.#words = wider;
    }
    this.#words[at] = place;
    keepIdentity(status, this.#words, at + 1);
    this.#size += 1;
  }

  get size(): number {
    return this.#size;
  }

  get folder(): string {
    return this.#place.folder;
  }

  /** The number of this piece within its folder, from 0. */
  get number(): number {
    return this.#number;
  }

  get isPartial(): boolean {
    return this.#place.isPartial;
  }

  /** The path of a file, exact. */
  path(index: number): string {
    return this.#place.folder + this.name(index);
  }

  /** The name of a file in the folder, exact. */
  name(index: number): string {
    return this.#pieces?.nameAt(this.#words[index * WORDS] ?? 0) ?? "";
  }

  /** What shows whether a file is unchanged. */
  identity(index: number): Identity {
    takeIdentity(this.#words, index * WORDS + 1, scratch);
    const { sizeBytes, mtimeUs, ctimeUs, inode, device } = statusIn(scratch);
    return { sizeBytes, mtimeUs, ctimeUs, inode, device };
  }

  /** All of a file's data, as an object to keep. */
  file(index: number): FoundFile {
    const { folder, sentBase } = this.#place;
    const entry = this.name(index);
    const name = sentName(entry);
    const path = folder + entry;
    return { folder, entry, name, path, relativePath: sentBase + name, ...this.identity(index) };
  }

  /** SHA-256 of the piece and the identities of its CVs: pages with the same digest have the same, unchanged files. */
  digest(): Uint8Array {
    const words = this.#words.subarray(0, this.#size * WORDS);
    return new Bun.CryptoHasher("sha256")
      .update(words)
      .update(this.#pieces?.piece ?? "")
      .digest();
  }
}
