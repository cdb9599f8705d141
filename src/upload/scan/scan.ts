import { lstatSync, readFileSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Directory, type DirectoryEntry } from "../../lib/directory.ts";
import { codeOf, Failure, messageOf } from "../../lib/errors.ts";
import { type GlobFilter, IGNORE_FILE, type IgnoreRules, ignoreRules, isIgnored } from "./filter.ts";
import { fileRule, folderRule, type SkipReason } from "./rules.ts";

/** A CV in the tree. Size, mtime and inode together tell whether it is still the file that was hashed. */
export interface FoundFile {
  readonly path: string;
  /** Below the root, with `/`. */
  readonly relativePath: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Microseconds since the epoch: what a double of milliseconds holds exactly enough. */
  readonly mtimeUs: number;
  readonly inode: number;
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

export function mtimeUsOf(stats: Pick<Stats, "mtimeMs">): number {
  return Math.round(stats.mtimeMs * 1000);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "not permitted to read it",
  EPERM: "not permitted to read it",
  ENOENT: "it is no longer there",
  ELOOP: "its links lead in a circle",
  EIO: "the disk cannot read it",
  ENAMETOOLONG: "its path is too long",
  EMFILE: "too many open files",
};

/** Why a path could not be read, without naming it: the path stands beside it wherever it is shown. */
export function unreadableReason(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? messageOf(error) : (REASONS[code] ?? code);
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

function entryType(entry: DirectoryEntry, path: string): DirectoryEntry["type"] {
  if (entry.type !== "unknown") return entry.type;
  const stats = lstatSync(path);
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
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
    let here = ignores;
    try {
      here = [...ignores, ignoreRules(base, readFileSync(`${path}/${IGNORE_FILE}`, "utf8"))];
    } catch (error) {
      const code = codeOf(error);
      if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EACCES" && code !== "EISDIR") throw error;
    }
    levels.push({ directory: new Directory(path), base, ignores: here });
  };

  const look = (level: Level, entry: DirectoryEntry): ScanEvent | null => {
    const relativePath = level.base + entry.name;
    const path = `${prefix}/${relativePath}`;
    const skipped = (reason: SkipReason): ScanEvent => ({ type: "skipped", path, reason });
    const type = entry.isText ? entryType(entry, path) : entry.type;
    if (type === "folder") {
      const rule = folderRule(entry.name);
      if (rule !== null) return skipped(rule);
      const isOut =
        filter.excludesFolder(relativePath, entry.name) || isIgnored(level.ignores, relativePath, true);
      if (isOut) return skipped("excluded");
      if (!entry.isText) return { type: "unreadable", path, reason: "its name is not valid UTF-8" };
      open(`${relativePath}/`, level.ignores);
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
    const stats = type === "link" ? statSync(path) : lstatSync(path);
    if (stats.isDirectory()) return skipped("link-to-folder");
    if (!stats.isFile()) return skipped("special");
    if (stats.size === 0) return skipped("empty");
    const { size: sizeBytes, ino: inode } = stats;
    return {
      type: "file",
      file: { path, relativePath, name: entry.name, sizeBytes, mtimeUs: mtimeUsOf(stats), inode },
    };
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
