import { lstatSync, readFileSync, statSync } from "node:fs";
import { pathOfBytes, systemPath } from "../../lib/path-bytes.ts";
import { IGNORE_FILE, ignoreRules, type IgnoreRules } from "./filter.ts";

/**
 * The rules of a folder's ignore file; null if it has none.
 *
 * @param base the folder below the root: "" or `a/b/`.
 * @throws if there is one that cannot be read: it is not known then what it excludes.
 */
export function readIgnoreFile(folder: string, base: string): IgnoreRules | null {
  const path = systemPath(`${folder}/${IGNORE_FILE}`);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
  const status = statSync(path);
  if (status.isDirectory()) return null;
  if (!status.isFile()) throw new Error("it is not a regular file");
  // Read in the same way as names, so that a rule in another encoding than UTF-8 still matches the name it means.
  return ignoreRules(base, pathOfBytes(readFileSync(path)).replace(/^\uFEFF/, ""));
}
