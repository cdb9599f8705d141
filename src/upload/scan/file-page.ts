import type { FileStatus } from "../../lib/file-status.ts";
import { IDENTITY_WORDS, keepIdentity, statusIn, statxBuffer, takeIdentity } from "../../lib/ffi/statx.ts";

/** A CV in the tree. Size, times, inode and device together tell whether it is still the file that was hashed. */
export interface FoundFile extends Omit<FileStatus, "type"> {
  /** The folder's path with a `/` behind it, and the name in it. Exact: bytes that are no UTF-8 as in path-bytes.ts. */
  readonly folder: string;
  readonly entry: string;
  /** Both together. */
  readonly path: string;
  /** Below the root, with `/`; well-formed, as it is sent. */
  readonly relativePath: string;
  readonly name: string;
}

/** Where the files of a page lie. */
export interface PagePlace {
  /** The folder's path with a `/` behind it, exact. */
  readonly folder: string;
  /** Likewise below the root, as it is sent. */
  readonly sentBase: string;
  /** Some files of the folder are not looked for. */
  readonly isPartial: boolean;
}

/** A folder that is read piece by piece, as Directory does. */
export interface FolderPieces {
  readPiece(): boolean;
  readonly piece: Uint8Array;
  /** The name of the entry at a place of the piece. */
  nameAt(place: number): string;
}

type Identity = Omit<FileStatus, "type">;

/** What is kept of a file: its place in the piece, and what tells whether it is still the one that it was. */
const WORDS = 1 + IDENTITY_WORDS;
const FIRST_FILES = 1_024;
const scratch = statxBuffer();

/** Names that are UTF-8, as nearly all are, are themselves what is sent. */
export function sentName(name: string): string {
  return name.isWellFormed() ? name : name.toWellFormed();
}

/**
 * The CVs in a piece of a folder, as numbers: most of them are known, and of those nothing else is made. It is used again
 * for the next piece.
 */
export class FilePage {
  #place: PagePlace = { folder: "", sentBase: "", isPartial: false };
  #pieces: FolderPieces | null = null;
  #number = -1;
  #size = 0;
  #words = new Uint32Array(FIRST_FILES * WORDS);

  /** A folder is read from its beginning. */
  enter(pieces: FolderPieces, place: PagePlace): void {
    this.#pieces = pieces;
    this.#place = place;
    this.#number = -1;
    this.#size = 0;
  }

  /** On to the next piece of the folder; false at its end. Throws the system's error. */
  next(): boolean {
    this.#size = 0;
    this.#number += 1;
    return this.#pieces?.readPiece() === true;
  }

  /**
   * The entry at a place of the piece is a CV.
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

  /** Which piece of its folder it is, from 0. */
  get number(): number {
    return this.#number;
  }

  get isPartial(): boolean {
    return this.#place.isPartial;
  }

  /** The path of one of its files, exact. */
  path(index: number): string {
    return this.#place.folder + this.name(index);
  }

  /** Its name in the folder, exact. */
  name(index: number): string {
    return this.#pieces?.nameAt(this.#words[index * WORDS] ?? 0) ?? "";
  }

  /** What tells whether it is still the file that it was. */
  identity(index: number): Identity {
    takeIdentity(this.#words, index * WORDS + 1, scratch);
    const { sizeBytes, mtimeUs, ctimeUs, inode, device } = statusIn(scratch);
    return { sizeBytes, mtimeUs, ctimeUs, inode, device };
  }

  /** All of that, to be kept. */
  file(index: number): FoundFile {
    const { folder, sentBase } = this.#place;
    const entry = this.name(index);
    const name = sentName(entry);
    const path = folder + entry;
    return { folder, entry, name, path, relativePath: sentBase + name, ...this.identity(index) };
  }

  /**
   * SHA-256 of the piece, and of what tells whether its CVs have changed: two pages with the same digest are the same
   * files, unchanged.
   */
  digest(): Uint8Array {
    const words = this.#words.subarray(0, this.#size * WORDS);
    return new Bun.CryptoHasher("sha256")
      .update(words)
      .update(this.#pieces?.piece ?? "")
      .digest();
  }
}
