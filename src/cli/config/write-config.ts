import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { replaceFile } from "../../lib/replace-file.ts";

/**
 * Writes a config file, readable by its owner only, completely or not at all. An existing file is left as it is unless
 * `overwrite` is set.
 */
export function writeConfigFile(path: string, content: string, overwrite: boolean): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (overwrite) replaceFile(path, content, { what: "config file", mode: 0o600 });
    else writeFileSync(path, content, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST")
      throw new Failure("usage", `config file ${path} exists already; edit it, or replace it with --force`);
    if (code === "EACCES" || code === "EROFS")
      throw new Failure("not-permitted", `cannot write config file ${path}: ${reasonOf(error)}`);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR" || code === "ENAMETOOLONG")
      throw new Failure("usage", `cannot write config file ${path}: ${reasonOf(error)}`);
    throw error;
  }
}
