import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { statusOf } from "../../../src/lib/file-status.ts";
import type { FoundFile } from "../../../src/upload/scan/file-page.ts";

/** A file as found by a scan of its own folder. */
export function foundFile(path: string): FoundFile {
  const { type: _, ...status } = statusOf(statSync(path, { bigint: true }));
  const name = basename(path);
  return { folder: `${dirname(path)}/`, entry: name, path, relativePath: name, name, ...status };
}
