import { FFIType, type Pointer } from "bun:ffi";
import { fstatSync } from "node:fs";
import { type FileStatus, type FileType, statusOf, typeOfMode } from "../file-status.ts";
import { libcOf } from "./libc.ts";

const STATX = process.arch === "arm64" ? 291 : 332;
const AT_EMPTY_PATH = 0x1000;
/** The fields requested: STATX_TYPE, STATX_MTIME, STATX_CTIME, STATX_INO, STATX_SIZE. */
const STATX_MASK = 0x1 | 0x40 | 0x80 | 0x100 | 0x200;

/** `struct statx` as 32-bit words: a 16-bit mode, 64-bit numbers, times as i64 seconds and u32 nanoseconds. */
const WORDS = 64;
const MODE = 7;
const INODE = 8;
const SIZE = 10;
const CTIME = 24;
const MTIME = 28;
const DEVICE_MAJOR = 34;
const DEVICE_MINOR = 35;

const WORD = 2 ** 32;

export function statxBuffer(): Uint32Array {
  return new Uint32Array(WORDS);
}

const libc = libcOf({
  syscall: { args: [FFIType.i64_fast, "i32", "ptr", "i32", "i32", "ptr"], returns: FFIType.i64_fast },
});
const noName = Buffer.alloc(1);
const ofDescriptor = statxBuffer();

/** statx(2) of a name (NUL-terminated) relative to an open folder. False if it failed. */
export function statx(folder: number, name: Pointer | Uint8Array, flags: number, into: Uint32Array): boolean {
  return Number(libc().syscall(STATX, folder, name, flags, STATX_MASK, into)) === 0;
}

/** The status of an open file: a fifth of what fstatSync takes. Throws the system's error. */
export function statusOfDescriptor(descriptor: number): FileStatus {
  if (statx(descriptor, noName, AT_EMPTY_PATH, ofDescriptor)) return statusIn(ofDescriptor);
  return statusOf(fstatSync(descriptor, { bigint: true }));
}

export function typeIn(status: Uint32Array): FileType {
  return typeOfMode(status[MODE] ?? 0);
}

export function isEmptyIn(status: Uint32Array): boolean {
  return status[SIZE] === 0 && status[SIZE + 1] === 0;
}

export function statusIn(status: Uint32Array): FileStatus {
  return {
    type: typeIn(status),
    sizeBytes: wideAt(status, SIZE),
    mtimeUs: microsecondsAt(status, MTIME),
    ctimeUs: microsecondsAt(status, CTIME),
    inode: wideAt(status, INODE),
    device: deviceOf(status[DEVICE_MAJOR] ?? 0, status[DEVICE_MINOR] ?? 0),
  };
}

/** Writes a status obtained in another way, in the layout of statx. */
export function putStatus(status: Uint32Array, told: FileStatus, mode: number): void {
  const put = (word: number, value: number): void => {
    status[word] = value % WORD;
    status[word + 1] = Math.floor(value / WORD);
  };
  const putTime = (word: number, us: number): void => {
    const seconds = Math.floor(us / 1_000_000);
    put(word, seconds);
    status[word + 2] = (us - seconds * 1_000_000) * 1_000;
  };
  status[MODE] = mode;
  put(SIZE, told.sizeBytes);
  put(INODE, told.inode);
  putTime(MTIME, told.mtimeUs);
  putTime(CTIME, told.ctimeUs);
  const { device } = told;
  const low = device % WORD;
  status[DEVICE_MAJOR] = Math.floor(device / (WORD * 0x1000)) * 0x1000 + (Math.floor(low / 0x100) % 0x1000);
  status[DEVICE_MINOR] = (Math.floor(device / 0x10_0000) % 0x100_0000) * 0x100 + (low % 0x100);
}

/** The words that show whether a file has changed. */
const IDENTITY: readonly number[] = [SIZE, SIZE + 1, INODE, INODE + 1].concat(
  [CTIME, CTIME + 1, CTIME + 2, MTIME, MTIME + 1, MTIME + 2],
  [DEVICE_MAJOR, DEVICE_MINOR],
);
export const IDENTITY_WORDS = 12;

/** Copies these words into an array of many, at `at`. */
export function keepIdentity(status: Uint32Array, many: Uint32Array, at: number): void {
  for (let word = 0; word < IDENTITY_WORDS; word += 1) many[at + word] = status[IDENTITY[word] ?? 0] ?? 0;
}

/** Copies them back. */
export function takeIdentity(many: Uint32Array, at: number, status: Uint32Array): void {
  for (let word = 0; word < IDENTITY_WORDS; word += 1) status[IDENTITY[word] ?? 0] = many[at + word] ?? 0;
}

function wideAt(status: Uint32Array, word: number): number {
  return (status[word + 1] ?? 0) * WORD + (status[word] ?? 0);
}

function microsecondsAt(status: Uint32Array, word: number): number {
  const seconds = ((status[word + 1] ?? 0) | 0) * WORD + (status[word] ?? 0);
  return seconds * 1_000_000 + Math.floor((status[word + 2] ?? 0) / 1_000);
}

/** Builds st_dev from its parts, as glibc's makedev(3) does. */
function deviceOf(major: number, minor: number): number {
  const high = Math.floor(major / 0x1000) * 0x1000 * WORD + Math.floor(minor / 0x100) * 0x10_0000;
  return high + (major % 0x1000) * 0x100 + (minor % 0x100);
}
