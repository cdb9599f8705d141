import { closeSync, constants, openSync } from "node:fs";
import { ERRNO } from "../../lib/ffi/errno.ts";
import { errno, libcOf } from "../../lib/ffi/libc.ts";
import { systemPath } from "../../lib/path-bytes.ts";

const libc = libcOf({
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  // The handler is SIG_IGN: a number, not a function.
  signal: { args: ["i32", "u64"], returns: "u64" },
});

// fcntl(2), <fcntl.h>, <signal.h>
const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;
const SIGIO = 29;
const SIG_IGN = 1n;

/** Whether a file is open for writing. `unknown`: the kernel does not say (not our file, or no lease support). */
export type Writer = "open" | "none" | "unknown";

let isSigioIgnored = false;

/** A writer that opens the file breaks the lease; the kernel then sends SIGIO, which would end the process. */
function ignoreSigio(): void {
  if (isSigioIgnored) return;
  libc().signal(SIGIO, SIG_IGN);
  isSigioIgnored = true;
}

/**
 * Takes a read lease, which the kernel refuses while there is a writer, and releases it at once (21 µs).
 *
 * @throws the system's error if the file cannot be opened.
 */
export function writerOf(path: string): Writer {
  const descriptor = openSync(
    systemPath(path),
    constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW,
  );
  try {
    ignoreSigio();
    if (libc().fcntl(descriptor, F_SETLEASE, F_RDLCK) === 0) {
      libc().fcntl(descriptor, F_SETLEASE, F_UNLCK);
      return "none";
    }
    return errno(libc()) === ERRNO.EAGAIN ? "open" : "unknown";
  } finally {
    closeSync(descriptor);
  }
}
