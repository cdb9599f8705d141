import { statSync } from "node:fs";
import { basename } from "node:path";
import { statusOf } from "../../src/lib/file-status.ts";
import type { FoundFile } from "../../src/upload/scan/scan.ts";

/** A file as the scan of its own folder finds it. */
export function foundFile(path: string): FoundFile {
  const { sizeBytes, mtimeUs, inode } = statusOf(statSync(path, { bigint: true }));
  return { path, relativePath: basename(path), name: basename(path), sizeBytes, mtimeUs, inode };
}
