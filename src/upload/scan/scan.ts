import { existsSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Directory, type DirectoryEntry } from "../../lib/directory.ts";
import { codeOf, Failure } from "../../lib/errors.ts";
import type { FileStatus } from "../../lib/file-status.ts";
import {
  type GlobFilter,
  IGNORE_FILE,
  type IgnoreRules,
  ignoreRules,
  ignoresWithin,
  isIgnored,
} from "./filter.ts";
import { unreadableReason } from "../unreadable.ts";
import { fileRule, folderRule, type SkipReason } from "./rules.ts";

/** A CV in the tree. Size, mtime and inode together tell whether it is still the file that was hashed. */
export interface FoundFile extends Omit<FileStatus, "type"> {
  readonly path: string;
  /** Below the root, with `/`. */
  readonly relativePath: string;
  readonly name: string;
}

export type ScanEvent =
  | { readonly type: "file"; readonly file: FoundFile }
  | { readonly type: "skipped"; readonly path: string; readonly reason: SkipReason }
  | { readonly type: "unreadable"; readonly path: string; readonly reason: string };

interface Level {
  readonly directory: Directory;
  /** "" for the root, else `a/b/`. */
  readonly base: string;
  readonly ignores: readonly IgnoreRules[];
}

/**
 * The root as it really is (links followed), once it can be read.
 *
 * @throws Failure usage where it is no folder, not-permitted where it may not be read.
 */
export function openRoot(folder: string): string {
  try {
    const root = realpathSync(folder);
    new Directory(root)[Symbol.dispose]();
    return root;
  } catch (error) {
    switch (codeOf(error)) {
      case "ENOENT":
        throw new Failure("usage", `there is no folder ${folder}; name the folder that holds the CVs`);
      case "ENOTDIR":
        throw new Failure("usage", `${folder} is not a folder; name the folder that holds the CVs`);
      case "EACCES":
      case "EPERM":
        throw new Failure("not-permitted", `the folder ${folder} cannot be read: permission denied`);
      case undefined:
      default:
        throw error;
    }
  }
}

/** Where a link leads, outside the root or not; a dangling one is judged by what it names. */
function leavesRoot(path: string, root: string): boolean {
  let target: string;
  try {
    target = realpathSync(path);
  } catch {
    target = resolve(dirname(path), readlinkSync(path));
  }
  return target !== root && !target.startsWith(root === "/" ? root : `${root}/`);
}

/** The rules of an ignore file; null where there is none that can be read. */
function readIgnoreRules(path: string, base: string): IgnoreRules | null {
  // Nearly no folder has one, and an error that is thrown and caught costs ten times this question.
  if (!existsSync(path)) return null;
  try {
    return ignoreRules(base, readFileSync(path, "utf8"));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES" || code === "EISDIR") return null;
    throw error;
  }
}

/**
 * Walks the tree below `root` (as `openRoot` gave it), depth first, and tells every CV, everything that is passed
 * over and everything that cannot be read. It holds one open folder a level and no list of paths.
 */
export function* scan(root: string, filter: GlobFilter): Generator<ScanEvent> {
  const levels: Level[] = [];
  const prefix = root === "/" ? "" : root;

  const open = (base: string, ignores: readonly IgnoreRules[]): void => {
    const path = base === "" ? root : `${prefix}/${base.slice(0, -1)}`;
    const rules = readIgnoreRules(`${path}/${IGNORE_FILE}`, base);
    levels.push({
      directory: new Directory(path),
      base,
      ignores: rules === null ? ignores : [...ignores, rules],
    });
  };

  const look = (level: Level, entry: DirectoryEntry): ScanEvent | null => {
    const relativePath = level.base + entry.name;
    const path = `${prefix}/${relativePath}`;
    const skipped = (reason: SkipReason): ScanEvent => ({ type: "skipped", path, reason });
    const type = entry.type === "unknown" ? level.directory.status(false).type : entry.type;
    if (type === "folder") {
      const rule = folderRule(entry.name);
      if (rule !== null) return skipped(rule);
      const isOut =
        filter.excludesFolder(relativePath, entry.name) || isIgnored(level.ignores, relativePath, true);
      if (isOut) return skipped("excluded");
      if (!entry.isText) return { type: "unreadable", path, reason: "its name is not valid UTF-8" };
      open(`${relativePath}/`, ignoresWithin(level.ignores, `${relativePath}/`));
      return null;
    }
    const rule = fileRule(entry.name);
    if (rule !== null) return skipped(rule);
    if (type === "other") return skipped("special");
    const isOut =
      filter.excludesFile(relativePath, entry.name) || isIgnored(level.ignores, relativePath, false);
    if (isOut) return skipped("excluded");
    if (!entry.isText) return { type: "unreadable", path, reason: "its name is not valid UTF-8" };
    if (type === "link" && leavesRoot(path, root)) return skipped("link-outside");
    const { type: target, sizeBytes, mtimeUs, inode } = level.directory.status(type === "link");
    if (target === "folder") return skipped("link-to-folder");
    if (target !== "file") return skipped("special");
    if (sizeBytes === 0) return skipped("empty");
    return { type: "file", file: { path, relativePath, name: entry.name, sizeBytes, mtimeUs, inode } };
  };

  try {
    open("", []);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      let entry: DirectoryEntry | null = null;
      try {
        entry = level.directory.next();
        if (entry !== null) {
          const event = look(level, entry);
          if (event !== null) yield event;
          continue;
        }
      } catch (error) {
        const below = entry === null ? level.base.slice(0, -1) : level.base + entry.name;
        yield { type: "unreadable", path: `${prefix}/${below}`, reason: unreadableReason(error) };
        // A folder that fails to be read on is left; what else failed was one entry of it.
        if (entry !== null) continue;
      }
      levels.pop()?.directory[Symbol.dispose]();
    }
  } finally {
    for (const { directory } of levels) directory[Symbol.dispose]();
  }
}
