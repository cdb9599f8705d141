import { closeSync, ftruncateSync, readFileSync, writeSync } from "node:fs";
import { ERRNO } from "./ffi/errno.ts";
import { errno, libcOf } from "./ffi/libc.ts";
import { openOwnFile } from "./own-file.ts";

const libc = libcOf({ flock: { args: ["i32", "i32"], returns: "i32" } });

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

export type LockAttempt =
  | { readonly type: "held"; readonly lock: Disposable }
  /** `holder`: the process id that the holder wrote into the file; null if it has not yet. */
  | { readonly type: "taken"; readonly holder: number | null };

/**
 * Takes an exclusive lock on a file, created if missing. The kernel releases it when the process ends, however it
 * ends. The file is kept: if it were removed, two processes could lock two files of the same name.
 */
export function lockFile(path: string): LockAttempt {
  const descriptor = openOwnFile(path, "the lock");
  const c = libc();
  if (c.flock(descriptor, LOCK_EX | LOCK_NB) !== 0) {
    const reason = errno(c);
    const holder = Number.parseInt(readFileSync(descriptor, "utf8"), 10);
    closeSync(descriptor);
    if (reason !== ERRNO.EAGAIN) throw new Error(`Cannot lock ${path}: flock failed with errno ${reason}`);
    return { type: "taken", holder: Number.isNaN(holder) ? null : holder };
  }
  ftruncateSync(descriptor, 0);
  writeSync(descriptor, `${process.pid}\n`);
  return { type: "held", lock: { [Symbol.dispose]: () => closeSync(descriptor) } };
}
