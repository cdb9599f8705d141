import { readFileSync } from "node:fs";
import { FFIType } from "bun:ffi";
import { libcOrNull } from "./libc.ts";

/** madvise(2): the pages of a mapped file are dropped, and mapped again when they are used. */
const MADV_DONTNEED = 4;

const libc = libcOrNull({
  madvise: { args: [FFIType.i64_fast, FFIType.i64_fast, "i32"], returns: "i32" },
});

interface Range {
  readonly from: number;
  readonly bytes: number;
}

/**
 * The mappings of files in the text of /proc/PID/smaps that hold nothing but what is in the file: not writable, and no
 * page of them was ever written (`Anonymous` counts those; the linker writes some before it takes the right away).
 */
export function unwrittenRanges(smaps: string): Range[] {
  const ranges: Range[] = [];
  let range: Range | null = null;
  for (const line of smaps.split("\n")) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) [0-9a-f]+ \S+ (\d+)/.exec(line);
    if (head !== null) {
      const [, from = "", until = "", rights = "", inode] = head;
      const start = Number.parseInt(from, 16);
      const isFile = /^r-.p$/.test(rights) && inode !== "0";
      range = isFile ? { from: start, bytes: Number.parseInt(until, 16) - start } : null;
    } else if (range !== null && /^Anonymous: +0 kB$/.test(line)) ranges.push(range);
  }
  return ranges;
}

/**
 * Gives back the pages of the program's own code and constants. What runs maps its pages again, out of the page cache;
 * what ran once, as a start does, no longer counts as this process's memory. It takes 2 ms. Does nothing where there is no C library to be had.
 */
export function releaseProgramPages(): void {
  const calls = libc();
  if (calls === null) return;
  for (const { from, bytes } of unwrittenRanges(readFileSync("/proc/self/smaps", "latin1")))
    calls.madvise(from, bytes, MADV_DONTNEED);
}
