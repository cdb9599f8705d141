import { libcOrNull } from "./libc.ts";

const libc = libcOrNull({ _exit: { args: ["i32"], returns: "void" } });

/**
 * Ends the process without the runtime's exit work. The runtime closes every database, and the last close of a
 * store checkpoints its write-ahead log, with syncs that would delay the exit; the next open picks up the log.
 * Returns if there is no C library.
 */
export function exitAtOnce(code: number): void {
  libc()?._exit(code);
}
