import { FFIType, type Pointer, ptr } from "bun:ffi";
import { closeSync, constants, lstatSync, openSync, statSync } from "node:fs";
import { type FileStatus, type FileType, statusOf } from "./file-status.ts";
import { ERRNO, errnoMessage } from "./ffi/errno.ts";
import { errno, libcOf } from "./ffi/libc.ts";
import { pathWithin, systemPath } from "./path-bytes.ts";
import { putStatus, statusIn, statx, statxBuffer } from "./ffi/statx.ts";

export interface DirectoryEntry {
  /** Text; bytes that are not UTF-8 are encoded as in path-bytes.ts. */
  readonly name: string;
  readonly type: FileType | "unknown";
}

const libc = libcOf({
  // Arguments that a call does not take are passed as zero.
  syscall: { args: [FFIType.i64_fast, "i32", "ptr", "i32", "i32", "ptr"], returns: FFIType.i64_fast },
});

// linux_dirent64: ino u64, off s64, reclen u16, type u8, name, NUL, and nothing up to a multiple of 8. See getdents64(2).
const RECORD_LENGTH_AT = 16;
const TYPE_AT = 18;
const NAME_AT = 19;
const GETDENTS64 = process.arch === "arm64" ? 61 : 217;
const TYPES: Readonly<Record<number, DirectoryEntry["type"]>> = {
  0: "unknown",
  4: "folder",
  8: "file",
  10: "link",
};
const BUFFER_BYTES = 32 * 1024;
/** NAME_MAX of <linux/limits.h>, and an entry with such a name. */
const LONGEST_NAME = 255;
const LONGEST_RECORD = 280;
const DOT = 0x2e;

const AT_SYMLINK_NOFOLLOW = 0x100;
const status = statxBuffer();

/** A buffer for directory entries, zero except for what was read. Pages are pooled: there are as many as folders were ever open at once. */
interface Page {
  readonly bytes: Buffer;
  readonly address: number;
}

const spare: Page[] = [];

function takePage(): Page {
  const page = spare.pop();
  if (page !== undefined) return page;
  const bytes = Buffer.alloc(BUFFER_BYTES);
  return { bytes, address: ptr(bytes) };
}

/**
 * Reads a folder piece by piece, so that a folder of a million files takes no more memory than one of a hundred.
 * (opendir of node:fs reads it whole: 25 MB for 100,000 names.) It is a cursor: names and statuses are only built for
 * the entries for which they are asked.
 */
export class Directory implements Disposable {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #page: Page;
  readonly #bytes: Buffer;
  /** Where the current entry begins, where its name ends, and where the next entry begins. */
  #start = 0;
  #nameEnd = 0;
  #at = 0;
  #end = 0;
  #only: Iterator<string> | null = null;

  /** @throws the system's error (ENOENT, ENOTDIR, EACCES, …). */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(systemPath(path), constants.O_RDONLY | constants.O_DIRECTORY);
    this.#page = takePage();
    this.#bytes = this.#page.bytes;
  }

  /**
   * From now on returns the entries with these names only, with type `unknown`; those that do not exist are left out. A
   * folder of a million files need not be listed for one of them.
   */
  only(names: Iterable<string>): void {
    this.#only = names[Symbol.iterator]();
  }

  /** The next entry other than `.` and `..`, in the file system's order; null at the end. */
  next(): DirectoryEntry | null {
    for (;;) {
      if (this.advance()) return { name: this.name, type: this.type };
      if (!this.readPiece()) return null;
    }
  }

  /** Reads the next piece (some hundred entries), for `advance` to go through; false at the end. */
  readPiece(): boolean {
    if (this.#only !== null) return this.#writePiece(this.#only);
    const c = libc();
    // The kernel does not write the padding between entries.
    this.#bytes.fill(0, 0, this.#end);
    const length = Number(c.syscall(GETDENTS64, this.#descriptor, this.#bytes, BUFFER_BYTES, 0, null));
    this.#at = 0;
    this.#end = Math.max(0, length);
    if (length >= 0) return length > 0;
    const reason = errno(c);
    // It was removed after it was opened, so nothing is left in it.
    if (reason === ERRNO.ENOENT) return false;
    throw new Error(`Cannot read the folder: ${errnoMessage(reason)}`);
  }

  /** Writes a piece as the kernel would, of names that exist. */
  #writePiece(names: Iterator<string>): boolean {
    const bytes = this.#bytes;
    bytes.fill(0, 0, this.#end);
    this.#at = 0;
    this.#end = 0;
    while (this.#end + LONGEST_RECORD <= BUFFER_BYTES) {
      const next = names.next();
      if (next.done === true) break;
      const name = Buffer.from(systemPath(next.value));
      if (name.length === 0 || name.length > LONGEST_NAME) continue;
      const start = this.#end;
      name.copy(bytes, start + NAME_AT);
      const isThere = statx(
        this.#descriptor,
        (this.#page.address + start + NAME_AT) as Pointer,
        AT_SYMLINK_NOFOLLOW,
        status,
      );
      if (!isThere && errno(libc()) === ERRNO.ENOENT) {
        bytes.fill(0, start + NAME_AT, start + NAME_AT + name.length);
        continue;
      }
      const length = Math.ceil((NAME_AT + name.length + 1) / 8) * 8;
      bytes.writeUInt16LE(length, start + RECORD_LENGTH_AT);
      this.#end += length;
    }
    return this.#end > 0;
  }

  /** The piece as the kernel wrote it; valid until the next one is read. The same each time, while the folder has not changed. */
  get piece(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  /** Moves to the next entry of the piece; false at its end. */
  advance(): boolean {
    const bytes = this.#bytes;
    while (this.#at < this.#end) {
      const start = this.#at;
      const next =
        start + (bytes[start + RECORD_LENGTH_AT] ?? 0) + (bytes[start + RECORD_LENGTH_AT + 1] ?? 0) * 256;
      let end = next;
      while (bytes[end - 1] === 0) end -= 1;
      this.#start = start;
      this.#nameEnd = end;
      this.#at = next;
      const length = end - start - NAME_AT;
      const isDots = length <= 2 && bytes[start + NAME_AT] === DOT && bytes[end - 1] === DOT;
      if (!isDots) return true;
    }
    return false;
  }

  /** The position of the current entry in the piece, for `nameAt`. */
  get place(): number {
    return this.#start;
  }

  get type(): DirectoryEntry["type"] {
    return TYPES[this.#bytes[this.#start + TYPE_AT] ?? 0] ?? "other";
  }

  /** The current entry's name; see DirectoryEntry. */
  get name(): string {
    return pathWithin(this.#bytes, this.#start + NAME_AT, this.#nameEnd);
  }

  /** The name of any entry of the piece. */
  nameAt(place: number): string {
    const start = place + NAME_AT;
    return pathWithin(this.#bytes, start, this.#bytes.indexOf(0, start));
  }

  /** The first byte of the name. */
  get initial(): number {
    return this.#bytes[this.#start + NAME_AT] ?? 0;
  }

  /** Whether the name ends with these bytes. */
  endsIn(ending: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#nameEnd - ending.length;
    if (at < this.#start + NAME_AT) return false;
    for (let index = ending.length - 1; index >= 0; index -= 1)
      if (bytes[at + index] !== ending[index]) return false;
    return true;
  }

  /**
   * Whether there may be an entry of this name; false only if there is none. A third of what looking it up by its path
   * takes.
   *
   * @param name ended by NUL.
   */
  mayHave(name: Uint8Array): boolean {
    return statx(this.#descriptor, name, AT_SYMLINK_NOFOLLOW, status) || errno(libc()) !== ERRNO.ENOENT;
  }

  /**
   * The status of the current entry as statx.ts reads it; with `follow`, that of a link's target. Valid until the next
   * call. Passes the name to statx in place, relative to the open folder, which takes a third of the time of lstatSync
   * with a path.
   *
   * @throws the system's error.
   */
  rawStatus(follow: boolean): Uint32Array {
    // The name ends in NUL, so a pointer into the page will do.
    const name = (this.#page.address + this.#start + NAME_AT) as Pointer;
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    if (!statx(this.#descriptor, name, flags, status)) {
      // node:fs throws the system's error, or succeeds after all.
      const path = systemPath(`${this.#path}/${this.name}`);
      const stats = follow ? statSync(path, { bigint: true }) : lstatSync(path, { bigint: true });
      putStatus(status, statusOf(stats), Number(stats.mode));
    }
    return status;
  }

  /** The same as an object. */
  status(follow: boolean): FileStatus {
    return statusIn(this.rawStatus(follow));
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
    this.#bytes.fill(0, 0, this.#end);
    spare.push(this.#page);
  }
}
