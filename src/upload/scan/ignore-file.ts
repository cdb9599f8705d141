import { lstatSync, readFileSync, statSync } from "node:fs";
import { pathOfBytes, systemPath } from "../../lib/path-bytes.ts";
import { IGNORE_FILE, ignoreRules, type IgnoreRules } from "./filter.ts";

/**
 * The rules of a folder's ignore file; null where it has none.
 *
 * @param base the folder below the root: "" or `a/b/`.
 * @throws where there is one that cannot be read: what it keeps out is not known then.
 */
export function readIgnoreFile(folder: string, base: string): IgnoreRules | null {
  const path = systemPath(`${folder}/${IGNORE_FILE}`);
  // Nearly no folder has one, and an error that is thrown and caught costs ten times this question.
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
  const status = statSync(path);
  if (status.isDirectory()) return null;
  if (!status.isFile()) throw new Error("it is not a regular file");
  // Read as names are, so that a rule in another encoding than UTF-8 still matches the name that it means.
  return ignoreRules(base, pathOfBytes(readFileSync(path)).replace(/^\uFEFF/, ""));
}
