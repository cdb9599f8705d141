import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { codeOf } from "./errors.ts";
import { ERRNO } from "./ffi/errno.ts";
import { errno, libcOf } from "./ffi/libc.ts";
import { openOwnFile } from "./own-file.ts";

const libc = libcOf({ flock: { args: ["i32", "i32"], returns: "i32" } });

// flock(2)
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

export type LockAttempt =
  | { readonly type: "held"; readonly lock: Disposable }
  /** `holder`: the process id that the holder wrote into the file; null if it has not yet. */
  | { readonly type: "taken"; readonly holder: number | null };

/** `isFileLocked` holds a lock for microseconds: one that is only looked at is not taken for one that is held. */
const ATTEMPTS = 4;
const PAUSE_MS = 5;

function flock(descriptor: number, operation: number): number {
  return libc().flock(descriptor, operation | LOCK_NB) === 0 ? 0 : errno(libc());
}

function flockExclusively(descriptor: number): number {
  for (let left = ATTEMPTS; ; left -= 1) {
    const reason = flock(descriptor, LOCK_EX);
    if (reason !== ERRNO.EAGAIN || left === 1) return reason;
    Bun.sleepSync(PAUSE_MS);
  }
}

/**
 * Takes an exclusive lock on a file, created if missing. The kernel releases it when the process ends, however it
 * ends. The file is kept: if it were removed, two processes could lock two files of the same name.
 */
export function lockFile(path: string): LockAttempt {
  const descriptor = openOwnFile(path, "the lock");
  const reason = flockExclusively(descriptor);
  if (reason !== 0) {
    const holder = Number.parseInt(readFileSync(descriptor, "utf8"), 10);
    closeSync(descriptor);
    if (reason !== ERRNO.EAGAIN) throw new Error(`Cannot lock ${path}: flock failed with errno ${reason}`);
    return { type: "taken", holder: Number.isNaN(holder) ? null : holder };
  }
  ftruncateSync(descriptor, 0);
  writeSync(descriptor, `${process.pid}\n`);
  return { type: "held", lock: { [Symbol.dispose]: () => closeSync(descriptor) } };
}

/**
 * Whether a process holds the lock.
 *
 * @returns null if that cannot be told: the file cannot be opened.
 */
export function isFileLocked(path: string): boolean | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    return codeOf(error) === "ENOENT" ? false : null;
  }
  try {
    return flock(descriptor, LOCK_SH) === ERRNO.EAGAIN;
  } finally {
    closeSync(descriptor);
  }
}
