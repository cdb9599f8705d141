import { FFIType, type Pointer, ptr } from "bun:ffi";
import { closeSync, constants, lstatSync, openSync, statSync } from "node:fs";
import { type FileStatus, type FileType, statusOf, typeOfMode } from "./file-status.ts";
import { errno, libcOf } from "./ffi/libc.ts";
import { pathOfBytes, systemPath } from "./path-bytes.ts";

export interface DirectoryEntry {
  /** As text; bytes that are no UTF-8 as in path-bytes.ts. */
  readonly name: string;
  readonly type: FileType | "unknown";
}

const libc = libcOf({
  // Of what a call does not take, zeros are passed and ignored.
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
const REPLACEMENT = "\uFFFD";

const STATX = process.arch === "arm64" ? 291 : 332;
const AT_SYMLINK_NOFOLLOW = 0x100;
// STATX_TYPE, STATX_MTIME, STATX_CTIME, STATX_INO, STATX_SIZE
const STATX_MASK = 0x1 | 0x40 | 0x80 | 0x100 | 0x200;
/**
 * `struct statx` in words of 32 bits: mode u16 in 7, ino u64 in 8, size u64 in 10, ctime i64 in 24 and its ns in 26, mtime
 * likewise in 28 and 30, the device's major and minor number in 34 and 35.
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

/** st_dev out of its parts, as glibc's makedev(3) puts them together. */
function deviceOf(major: number, minor: number): number {
  const high = Math.floor(major / 0x1000) * 0x1000 * WORD + Math.floor(minor / 0x100) * 0x10_0000;
  return high + (major % 0x1000) * 0x100 + (minor % 0x100);
}

/** Where folders are read into; as many as were ever open at once, used again and again. */
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
 * Reads a folder piece by piece: a folder of a million files takes no more memory than one of a hundred.
 * (node:fs's opendir reads it whole: 25 MB for 100,000 names.)
 */
export class Directory implements Disposable {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #page: Page;
  /** The entry that `next` told, and where the one after it begins. */
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

  /** The next entry but `.` and `..`, in the file system's order; null at the end. */
  next(): DirectoryEntry | null {
    const { bytes } = this.#page;
    for (;;) {
      if (this.#at >= this.#end && !this.#fill()) return null;
      const start = this.#at;
      this.#current = start;
      this.#at += bytes.readUInt16LE(start + RECORD_LENGTH_AT);
      const nameEnd = bytes.indexOf(0, start + NAME_AT);
      const text = bytes.toString("utf8", start + NAME_AT, nameEnd);
      const name = text.includes(REPLACEMENT) ? pathOfBytes(bytes.subarray(start + NAME_AT, nameEnd)) : text;
      if (name === "." || name === "..") continue;
      this.#name = name;
      const type = TYPES[bytes[start + TYPE_AT] ?? 0] ?? "other";
      return { name, type };
    }
  }

  /**
   * The status of the entry that `next` told last, of a link's target with `follow`. Asked for by the name where it
   * stands, relative to the open folder: a third of what lstatSync takes for a path.
   *
   * @throws the system's error.
   */
  status(follow: boolean): FileStatus {
    // An address within the page is one of a name that ends in NUL.
    const name = (this.#page.address + this.#current + NAME_AT) as Pointer;
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    const failed = libc().syscall(STATX, this.#descriptor, name, flags, STATX_MASK, status);
    if (Number(failed) !== 0) {
      // node:fs throws what the system says, or tells it after all.
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
