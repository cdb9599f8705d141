import { readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isOutOfDescriptors } from "../../lib/descriptors.ts";
import { Directory, type DirectoryEntry } from "../../lib/directory.ts";
import { codeOf, Failure } from "../../lib/errors.ts";
import type { FileStatus } from "../../lib/file-status.ts";
import { systemPath } from "../../lib/path-bytes.ts";
import { type GlobFilter, IGNORE_FILE, type IgnoreRules, ignoresWithin, isIgnored } from "./filter.ts";
import { readIgnoreFile } from "./ignore-file.ts";
import { unreadableReason } from "../intake/unreadable.ts";
import { fileRule, folderRule, type SkipReason } from "./rules.ts";

/** A CV in the tree. Size, times, inode and device together tell whether it is still the file that was hashed. */
export interface FoundFile extends Omit<FileStatus, "type"> {
  /** The folder's path with a `/` behind it, and the name in it. Exact: bytes that are no UTF-8 as in path-bytes.ts. */
  readonly folder: string;
  readonly entry: string;
  /** Both together. */
  readonly path: string;
  /** Below the root, with `/`; well-formed, as it is sent. */
  readonly relativePath: string;
  readonly name: string;
}

export type ScanEvent =
  | { readonly type: "file"; readonly file: FoundFile }
  | { readonly type: "skipped"; readonly path: string; readonly reason: SkipReason }
  | { readonly type: "unreadable"; readonly path: string; readonly reason: string }
  /** The process has no descriptor left to open a folder with: wait a little, then go on. */
  | { readonly type: "crowded" }
  /** `FOLDERS_A_PAUSE` folders more have been read, perhaps without a file in them: others may have their turn. */
  | { readonly type: "pause" };

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
    target = realpathSync(systemPath(path));
  } catch {
    target = resolve(dirname(path), readlinkSync(systemPath(path)));
  }
  return target !== root && !target.startsWith(root === "/" ? root : `${root}/`);
}

/** Folders that are yet to be read: those of one folder, which is `base` below the root ("" or `a/b/`). */
interface Level {
  readonly base: string;
  readonly ignores: readonly IgnoreRules[];
  /** The last one is the next. */
  readonly names: string[];
}

/** How long to wait for a descriptor to come free, and how often in a row that is asked for. */
export const CROWDED_MS = 50;
const CROWDED_LIMIT = 200;
export const FOLDERS_A_PAUSE = 256;

/**
 * Walks the tree below `root` (as `openRoot` gave it), depth first, and tells every CV, everything that is passed
 * over and everything that cannot be read: all of a folder before the folders in it. It holds one folder open, however
 * deep the tree is, and the names of the folders that it has yet to read.
 */
export function* scan(root: string, filter: GlobFilter): Generator<ScanEvent> {
  const prefix = root === "/" ? "" : root;
  const levels: Level[] = [{ base: "", ignores: [], names: [""] }];
  let crowded = 0;
  let read = 0;

  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const name = level.names.pop();
    if (name === undefined) {
      levels.pop();
      continue;
    }
    const below = level.base + name;
    const base = below === "" ? "" : `${below}/`;
    const path = below === "" ? root : `${prefix}/${below}`;
    let opened: { directory: Directory; ignores: readonly IgnoreRules[] };
    try {
      opened = openFolder(path, base, level.ignores);
      crowded = 0;
    } catch (error) {
      if (isOutOfDescriptors(error) && crowded < CROWDED_LIMIT) {
        crowded += 1;
        level.names.push(name);
        yield { type: "crowded" };
      } else yield { type: "unreadable", path, reason: unreadableReason(error) };
      continue;
    }
    const { ignores } = opened;
    using directory = opened.directory;
    const folder = `${prefix}/${base}`;
    const place = { root, directory, ignores, filter, folder, base, sentBase: sentName(base) };
    const names: string[] = [];
    for (let entry: DirectoryEntry | null = null; ;) {
      try {
        entry = directory.next();
        if (entry === null) break;
        const event = look(entry, place);
        if (event === null) names.push(entry.name);
        else yield event;
      } catch (error) {
        yield {
          type: "unreadable",
          path: entry === null ? path : folder + entry.name,
          reason: unreadableReason(error),
        };
        // A folder that fails to be read on is left; what else failed was one entry of it.
        if (entry === null) break;
      }
    }
    if (names.length > 0) levels.push({ base, ignores, names: names.toReversed() });
    read += 1;
    if (read % FOLDERS_A_PAUSE === 0) yield { type: "pause" };
  }
}

function openFolder(
  path: string,
  base: string,
  outer: readonly IgnoreRules[],
): { directory: Directory; ignores: readonly IgnoreRules[] } {
  const directory = new Directory(path);
  try {
    const within = base === "" ? outer : ignoresWithin(outer, base);
    const rules = readIgnoreFile(path, base);
    return { directory, ignores: rules === null ? within : [...within, rules] };
  } catch (error) {
    directory[Symbol.dispose]();
    if (isOutOfDescriptors(error) || codeOf(error) === "ENAMETOOLONG") throw error;
    // Without its cause, whose code would be told as the folder's own.
    throw new Error(`its ${IGNORE_FILE} cannot be read: ${unreadableReason(error)}`);
  }
}

/** A folder that is being read. */
interface Place {
  readonly root: string;
  readonly directory: Directory;
  readonly ignores: readonly IgnoreRules[];
  readonly filter: GlobFilter;
  /** Its path with a `/` behind it, exact. */
  readonly folder: string;
  /** Likewise below the root. */
  readonly base: string;
  /** As it is sent. */
  readonly sentBase: string;
}

/** Names that are UTF-8, as nearly all are, are themselves what is sent. */
function sentName(name: string): string {
  return name.isWellFormed() ? name : name.toWellFormed();
}

/** What an entry is; null for a folder that is to be read. Throws the system's error. */
function look({ name, type: listed }: DirectoryEntry, place: Place): ScanEvent | null {
  const { directory } = place;
  const type = listed === "unknown" ? directory.status(false).type : listed;
  const reason = type === "folder" ? folderReason(name, place) : fileReason(name, type, place);
  if (reason !== null) return { type: "skipped", path: place.folder + name, reason };
  if (type === "folder") return null;
  const status = directory.status(type === "link");
  const refusal = statusReason(status);
  if (refusal !== null) return { type: "skipped", path: place.folder + name, reason: refusal };
  const sent = sentName(name);
  // Paths are put together where they are asked for: of a file that is known nobody asks.
  const file = {
    folder: place.folder,
    entry: name,
    name: sent,
    path: place.folder + name,
    relativePath: place.sentBase + sent,
    sizeBytes: status.sizeBytes,
    mtimeUs: status.mtimeUs,
    ctimeUs: status.ctimeUs,
    inode: status.inode,
    device: status.device,
  };
  return { type: "file", file };
}

function folderReason(name: string, { base, filter, ignores }: Place): SkipReason | null {
  const below = base + name;
  const isOut = filter.excludesFolder(below, name) || isIgnored(ignores, below, true);
  return folderRule(name) ?? (isOut ? "excluded" : null);
}

function fileReason(name: string, type: DirectoryEntry["type"], place: Place): SkipReason | null {
  const { root, folder, base, filter, ignores } = place;
  const rule = fileRule(name);
  if (rule !== null) return rule;
  if (type === "other") return "special";
  const below = base + name;
  if (filter.excludesFile(below, name) || isIgnored(ignores, below, false)) return "excluded";
  return type === "link" && leavesRoot(folder + name, root) ? "link-outside" : null;
}

function statusReason({ type, sizeBytes }: FileStatus): SkipReason | null {
  if (type === "folder") return "link-to-folder";
  if (type !== "file") return "special";
  return sizeBytes === 0 ? "empty" : null;
}
