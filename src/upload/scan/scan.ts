import { readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isOutOfDescriptors } from "../../lib/descriptors.ts";
import { Directory } from "../../lib/directory.ts";
import { codeOf, Failure } from "../../lib/errors.ts";
import { systemPath } from "../../lib/path-bytes.ts";
import { isEmptyIn, typeIn } from "../../lib/ffi/statx.ts";
import { type GlobFilter, IGNORE_FILE, type IgnoreRules, ignoresWithin, isIgnored } from "./filter.ts";
import { FilePage, type FoundFile, sentName } from "./file-page.ts";
import { readIgnoreFile } from "./ignore-file.ts";
import { unreadableReason } from "../intake/unreadable.ts";
import { fileRule, folderRule, isPlainlyCv, type SkipReason } from "./rules.ts";

export type ScanEvent =
  /** Some CVs of a folder; the page is valid until the scan goes on. */
  | { readonly type: "files"; readonly page: FilePage }
  | { readonly type: "skipped"; readonly path: string; readonly reason: SkipReason }
  | { readonly type: "unreadable"; readonly path: string; readonly reason: string }
  /** The process is out of descriptors to open a folder with: wait a little, then go on. */
  | { readonly type: "crowded" }
  /** `FOLDERS_A_PAUSE` more folders have been read, perhaps without a file in them: other work may have its turn. */
  | { readonly type: "pause" };

/** The CVs that a scan reports, one by one. */
export function* filesOf(events: Iterable<ScanEvent>): Generator<FoundFile> {
  for (const event of events)
    if (event.type === "files") for (let at = 0; at < event.page.size; at += 1) yield event.page.file(at);
}

/**
 * The real path of the root (links followed), checked to be readable.
 *
 * @throws Failure usage if it is not a folder, not-permitted if it may not be read.
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

/** Whether a link leads outside the root; a dangling one is judged by the path it names. */
function leavesRoot(path: string, root: string): boolean {
  let target: string;
  try {
    target = realpathSync(systemPath(path));
  } catch {
    target = resolve(dirname(path), readlinkSync(systemPath(path)));
  }
  return target !== root && !target.startsWith(root === "/" ? root : `${root}/`);
}

/** Folders still to be read, all in one folder, which is `base` below the root ("" or `a/b/`). */
interface Level {
  readonly base: string;
  readonly ignores: readonly IgnoreRules[];
  /** The last one comes next. */
  readonly names: string[];
}

/** How long to wait for a free descriptor, and how often in a row to try. */
export const CROWDED_MS = 50;
const CROWDED_LIMIT = 200;
export const FOLDERS_A_PAUSE = 256;

/**
 * Walks the tree below `root` (as returned by `openRoot`), depth first, and reports every CV, every skipped entry and
 * everything that cannot be read: a whole folder before its subfolders. Holds one open folder, however deep the tree
 * is, and the names of the folders still to be read.
 */
export function* scan(root: string, filter: GlobFilter): Generator<ScanEvent> {
  const prefix = root === "/" ? "" : root;
  const levels: Level[] = [{ base: "", ignores: [], names: [""] }];
  const page = new FilePage();
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
    const names: string[] = [];
    const takesAll = filter.takesAll && ignores.length === 0;
    const place = {
      root,
      directory,
      ignores,
      filter,
      takesAll,
      page,
      path,
      folder: `${prefix}/${base}`,
      base,
    };
    if (filter.namesIn !== null) directory.only(filter.namesIn(base));
    yield* readFolder(place, names);
    if (names.length > 0) levels.push({ base, ignores, names: names.toReversed() });
    read += 1;
    if (read % FOLDERS_A_PAUSE === 0) yield { type: "pause" };
  }
}

/** Reports the entries of a folder, and adds the names of its subfolders to `names`. */
function* readFolder(place: Place, names: string[]): Generator<ScanEvent> {
  const { page, directory, folder, base, filter } = place;
  page.enter(directory, { folder, sentBase: sentName(base), isPartial: filter.namesIn !== null });
  for (;;) {
    try {
      if (!page.next()) return;
    } catch (error) {
      yield { type: "unreadable", path: place.path, reason: unreadableReason(error) };
      return;
    }
    while (directory.advance()) {
      try {
        const seen = look(place);
        if (seen === "folder") names.push(directory.name);
        else if (seen !== "file") yield { type: "skipped", path: folder + directory.name, reason: seen };
      } catch (error) {
        yield { type: "unreadable", path: folder + directory.name, reason: unreadableReason(error) };
      }
    }
    if (page.size > 0) yield { type: "files", page };
  }
}

/** As the system takes it. */
const IGNORE_NAME = Buffer.from(`${IGNORE_FILE}\0`);

function openFolder(
  path: string,
  base: string,
  outer: readonly IgnoreRules[],
): { directory: Directory; ignores: readonly IgnoreRules[] } {
  const directory = new Directory(path);
  try {
    const within = base === "" ? outer : ignoresWithin(outer, base);
    const rules = directory.mayHave(IGNORE_NAME) ? readIgnoreFile(path, base) : null;
    return { directory, ignores: rules === null ? within : [...within, rules] };
  } catch (error) {
    directory[Symbol.dispose]();
    if (isOutOfDescriptors(error) || codeOf(error) === "ENAMETOOLONG") throw error;
    // Without its cause, whose code would be reported as the folder's own.
    throw new Error(`its ${IGNORE_FILE} cannot be read: ${unreadableReason(error)}`);
  }
}

/** A folder that is being read. */
interface Place {
  readonly root: string;
  readonly directory: Directory;
  readonly ignores: readonly IgnoreRules[];
  readonly filter: GlobFilter;
  /** No filter or ignore file excludes any CV. */
  readonly takesAll: boolean;
  /** Where CVs are added. */
  readonly page: FilePage;
  readonly path: string;
  /** The folder's path, ending in `/`, exact. */
  readonly folder: string;
  /** The same below the root. */
  readonly base: string;
}

/** The kind of the directory's current entry; a file is then on the page. Throws the system's error. */
function look(place: Place): "folder" | "file" | SkipReason {
  const { directory, page } = place;
  const { type: listed } = directory;
  const type = listed === "unknown" ? directory.status(false).type : listed;
  if (type === "folder") return folderReason(directory.name, place) ?? "folder";
  const isTaken = place.takesAll && type === "file" && isPlainlyCv(directory);
  const reason = isTaken ? null : fileReason(directory.name, type, place);
  if (reason !== null) return reason;
  const status = directory.rawStatus(type === "link");
  const refusal = statusReason(status);
  if (refusal !== null) return refusal;
  page.add(directory.place, status);
  return "file";
}

function folderReason(name: string, { base, filter, ignores }: Place): SkipReason | null {
  const below = base + name;
  const isOut = filter.excludesFolder(below, name) || isIgnored(ignores, below, true);
  return folderRule(name) ?? (isOut ? "excluded" : null);
}

function fileReason(name: string, type: Directory["type"], place: Place): SkipReason | null {
  const { root, folder, base, filter, ignores } = place;
  const rule = fileRule(name);
  if (rule !== null) return rule;
  if (type === "other") return "special";
  const below = base + name;
  if (filter.excludesFile(below, name) || isIgnored(ignores, below, false)) return "excluded";
  return type === "link" && leavesRoot(folder + name, root) ? "link-outside" : null;
}

function statusReason(status: Uint32Array): SkipReason | null {
  const type = typeIn(status);
  if (type === "folder") return "link-to-folder";
  if (type !== "file") return "special";
  return isEmptyIn(status) ? "empty" : null;
}
