import { FFIType, type Pointer, ptr } from "bun:ffi";
import { closeSync, constants, lstatSync, openSync, statSync } from "node:fs";
import { type FileStatus, type FileType, statusOf, typeOfMode } from "./file-status.ts";
import { errno, libcOf } from "./ffi/libc.ts";
import { pathWithin, systemPath } from "./path-bytes.ts";

export interface DirectoryEntry {
  /** Text; bytes that are not UTF-8 are encoded as in path-bytes.ts. */
  readonly name: string;
  readonly type: FileType | "unknown";
}

const libc = libcOf({
  // Arguments that a call does not take are passed as zero and ignored.
  syscall: { args: [FFIType.i64_fast, "i32", "ptr", "i32", "i32", "ptr"], returns: FFIType.i64_fast },
});

// linux_dirent64: ino u64, off s64, reclen u16, type u8, name, NUL. See getdents64(2).
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

const STATX = process.arch === "arm64" ? 291 : 332;
const AT_SYMLINK_NOFOLLOW = 0x100;
// STATX_TYPE, STATX_MTIME, STATX_CTIME, STATX_INO, STATX_SIZE
const STATX_MASK = 0x1 | 0x40 | 0x80 | 0x100 | 0x200;
/**
 * `struct statx` as 32-bit words: mode u16 at 7, ino u64 at 8, size u64 at 10, ctime i64 at 24 with ns at 26,
 * mtime likewise at 28 and 30, the device's major and minor number at 34 and 35.
 */
const status = new Uint32Array(64);
const WORD = 2 ** 32;

function wideAt(word: number): number {
  return (status[word + 1] ?? 0) * WORD + (status[word] ?? 0);
}

function microsecondsAt(word: number): number {
  const seconds = ((status[word + 1] ?? 0) | 0) * WORD + (status[word] ?? 0);
  return seconds * 1_000_000 + Math.floor((status[word + 2] ?? 0) / 1_000);
}

/** Builds st_dev from its parts, as glibc's makedev(3) does. */
function deviceOf(major: number, minor: number): number {
  const high = Math.floor(major / 0x1000) * 0x1000 * WORD + Math.floor(minor / 0x100) * 0x10_0000;
  return high + (major % 0x1000) * 0x100 + (minor % 0x100);
}

/** A buffer for directory entries. Pages are pooled: there are as many as folders were ever open at once. */
interface Page {
  readonly bytes: Buffer;
  readonly address: number;
}

const spare: Page[] = [];

function takePage(): Page {
  const page = spare.pop();
  if (page !== undefined) return page;
  const bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  return { bytes, address: ptr(bytes) };
}

/**
 * Reads a folder piece by piece, so that a folder of a million files takes no more memory than one of a hundred.
 * (opendir of node:fs reads it whole: 25 MB for 100,000 names.)
 */
export class Directory implements Disposable {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #page: Page;
  /** Where the entry returned last by `next` begins, its name, and where the next entry begins. */
  #current = 0;
  #name = "";
  #at = 0;
  #end = 0;

  /** @throws the system's error (ENOENT, ENOTDIR, EACCES, …). */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(systemPath(path), constants.O_RDONLY | constants.O_DIRECTORY);
    this.#page = takePage();
  }

  /** The next entry other than `.` and `..`, in the file system's order; null at the end. */
  next(): DirectoryEntry | null {
    const { bytes } = this.#page;
    for (;;) {
      if (this.#at >= this.#end && !this.#fill()) return null;
      const start = this.#at;
      this.#current = start;
      this.#at += bytes.readUInt16LE(start + RECORD_LENGTH_AT);
      const nameEnd = bytes.indexOf(0, start + NAME_AT);
      const name = pathWithin(bytes, start + NAME_AT, nameEnd);
      if (name === "." || name === "..") continue;
      this.#name = name;
      const type = TYPES[bytes[start + TYPE_AT] ?? 0] ?? "other";
      return { name, type };
    }
  }

  /**
   * The status of the entry returned last by `next`; with `follow`, that of a link's target. Passes the name to
   * statx in place, relative to the open folder, which takes a third of the time of lstatSync with a path.
   *
   * @throws the system's error.
   */
  status(follow: boolean): FileStatus {
    // The name ends in NUL, so a pointer into the page will do.
    const name = (this.#page.address + this.#current + NAME_AT) as Pointer;
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    const failed = libc().syscall(STATX, this.#descriptor, name, flags, STATX_MASK, status);
    if (Number(failed) !== 0) {
      // node:fs throws the system's error, or succeeds after all.
      const path = systemPath(`${this.#path}/${this.#name}`);
      return statusOf(follow ? statSync(path, { bigint: true }) : lstatSync(path, { bigint: true }));
    }
    return {
      type: typeOfMode(status[7] ?? 0),
      sizeBytes: wideAt(10),
      mtimeUs: microsecondsAt(28),
      ctimeUs: microsecondsAt(24),
      inode: wideAt(8),
      device: deviceOf(status[34] ?? 0, status[35] ?? 0),
    };
  }

  #fill(): boolean {
    const { bytes } = this.#page;
    const c = libc();
    const length = Number(c.syscall(GETDENTS64, this.#descriptor, bytes, BUFFER_BYTES, 0, null));
    if (length < 0) throw new Error(`Cannot read the folder: getdents64 failed with errno ${errno(c)}`);
    this.#at = 0;
    this.#end = length;
    return length > 0;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
    spare.push(this.#page);
  }
}
