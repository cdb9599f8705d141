import { lstatSync } from "node:fs";
import { systemPath } from "../../lib/path-bytes.ts";
import type { Look } from "./arrivals.ts";
import { writerOf } from "./open-writer.ts";

/** A regular file's status and whether it is being written; null for anything else. */
export function lookAt(path: string): Look | null {
  try {
    const status = lstatSync(systemPath(path));
    if (!status.isFile()) return null;
    const { size: sizeBytes, mtimeMs, ino: inode } = status;
    return { sizeBytes, mtimeMs, inode, writer: writerOf(path) };
  } catch {
    // It is gone or cannot be read; the next full scan reports the latter.
    return null;
  }
}
