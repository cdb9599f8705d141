import { lstatSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { Failure } from "../../lib/errors.ts";
import { pathOfBytes, systemPath } from "../../lib/path-bytes.ts";
import { unreadableReason } from "../intake/unreadable.ts";
import type { GlobFilter } from "./filter.ts";
import { scan, type ScanEvent } from "./scan.ts";

/** The paths of a list, one per line (CRLF too) or each ended by NUL. Empty ones are ignored. */
export function parseFileList(bytes: Uint8Array, isNulEnded: boolean): readonly string[] {
  const text = pathOfBytes(bytes);
  return text.split(isNulEnded ? "\0" : /\r?\n/).filter((path) => path !== "");
}

/**
 * Converts paths to paths below a folder, each once. Relative ones are below it, absolute ones may be.
 *
 * @param roots the folder as it was named, and its real path.
 * @throws Failure usage for the first path that is outside.
 */
export function pathsBelow(roots: readonly string[], paths: readonly string[]): readonly string[] {
  const below = paths.map((path) => {
    for (const root of isAbsolute(path) ? roots : roots.slice(0, 1)) {
      const inside = relative(resolve(root), resolve(root, path));
      if (inside !== "" && inside !== ".." && !inside.startsWith("..")) return inside;
    }
    throw new Failure(
      "usage",
      `--files-from: ${JSON.stringify(path)} is not below the folder ${roots[0] ?? ""}; nothing was done`,
    );
  });
  return [...new Set(below)];
}

/** The names on the way to paths, by folder: `a/b/c.pdf` → `a` in ``, `b` in `a/`, `c.pdf` in `a/b/`. */
function namesOnTheWay(paths: Iterable<string>): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const path of paths) {
    for (let start = 0, end = 0; end >= 0; start = end + 1) {
      end = path.indexOf("/", start);
      const base = path.slice(0, start);
      const known = names.get(base) ?? new Set<string>();
      known.add(path.slice(start, end < 0 ? undefined : end));
      names.set(base, known);
    }
  }
  return names;
}

/**
 * Scans only a few files. It is the scan itself, restricted to these files and the folders above them, so that the same
 * rules apply to them as in the whole tree; no folder is listed.
 *
 * @param relativePaths below the root.
 */
export function* scanOnly(
  root: string,
  filter: GlobFilter,
  relativePaths: Iterable<string>,
): Generator<ScanEvent> {
  const wanted = new Set(relativePaths);
  const names = namesOnTheWay(wanted);
  const start = root === "/" ? 1 : root.length + 1;
  const narrow: GlobFilter = {
    excludesFile: (path, name) => !wanted.has(path) || filter.excludesFile(path, name),
    excludesFolder: (path, name) => !names.has(`${path}/`) || filter.excludesFolder(path, name),
    takesAll: false,
    namesIn: (base) => names.get(base) ?? [],
  };
  for (const event of scan(root, narrow))
    if (event.type !== "skipped" || wanted.has(event.path.slice(start))) yield event;
}

/** As `scanOnly`, for files that the user has listed: every one of them is reported, even if it does not exist. */
export function* scanListed(
  root: string,
  filter: GlobFilter,
  relativePaths: readonly string[],
): Generator<ScanEvent> {
  const prefix = root === "/" ? "" : root;
  const untold = new Set(relativePaths.map((path) => `${prefix}/${path}`));
  const unreadable: string[] = [];
  for (const event of scanOnly(root, filter, relativePaths)) {
    if (event.type === "files")
      for (let at = 0; at < event.page.size; at += 1) untold.delete(event.page.path(at));
    else if (event.type !== "crowded" && event.type !== "pause") untold.delete(event.path);
    if (event.type === "unreadable") unreadable.push(`${event.path}/`);
    yield event;
  }
  for (const path of untold) {
    // Its folder has already been reported as a failure.
    if (unreadable.some((folder) => path.startsWith(folder))) continue;
    yield unfound(path);
  }
}

/** The event for a listed path that the scan did not reach: it is missing, is a folder, or is in an excluded one. */
function unfound(path: string): ScanEvent {
  try {
    if (!lstatSync(systemPath(path)).isDirectory()) return { type: "skipped", path, reason: "excluded" };
    return { type: "unreadable", path, reason: "it is a folder; list the files in it" };
  } catch (error) {
    return { type: "unreadable", path, reason: unreadableReason(error) };
  }
}
