import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { statusOf } from "../../src/lib/file-status.ts";
import type { FoundFile } from "../../src/upload/scan/scan.ts";

/** A file as the scan of its own folder finds it. */
export function foundFile(path: string): FoundFile {
  const { type: _, ...status } = statusOf(statSync(path, { bigint: true }));
  const name = basename(path);
  return { folder: `${dirname(path)}/`, entry: name, path, relativePath: name, name, ...status };
}
