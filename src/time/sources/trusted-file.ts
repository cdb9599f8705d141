import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A moment that has certainly passed, and what says so. */
export interface PastMoment {
  readonly ns: bigint;
  readonly path: string;
}

export interface ScanOptions {
  /** Files whose time alone counts; fake-hwclock's are read for the time written in them. */
  readonly files: readonly string[];
  /** Folders whose files' times count (logs). */
  readonly folders: readonly string[];
  /** 1: a folder's own files; 2: those of its subfolders too. */
  readonly depth: number;
  /** No more files than this are looked at. */
  readonly limit: number;
}

/** `2026-11-20 22:17:01`, in UTC: what fake-hwclock writes at shutdown. */
function writtenNs(path: string): bigint | null {
  if (!path.endsWith("fake-hwclock.data")) return null;
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(readFileSync(path, "latin1"));
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(ms) ? null : BigInt(ms) * 1_000_000n;
}

function momentOf(path: string): PastMoment | null {
  try {
    const ns = writtenNs(path) ?? statSync(path, { bigint: true }).mtimeNs;
    return { ns, path };
  } catch {
    return null;
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Regular files of a folder level by level, so that a limit takes the nearest ones; links are not followed. */
function* filesBelow(folder: string, depth: number): Generator<string> {
  const below: string[] = [];
  for (const entry of entriesOf(folder)) {
    if (entry.isFile()) yield join(folder, entry.name);
    else if (entry.isDirectory() && depth > 1) below.push(join(folder, entry.name));
  }
  for (const subfolder of below) yield* filesBelow(subfolder, depth - 1);
}

/** The newest moment that the trusted files bear witness to; null where there are none. */
export function newestTrustedFile(options: ScanOptions): PastMoment | null {
  let newest: PastMoment | null = null;
  const consider = (moment: PastMoment | null): void => {
    if (moment !== null && (newest === null || moment.ns > newest.ns)) newest = moment;
  };
  for (const path of options.files) consider(momentOf(path));
  let left = options.limit;
  for (const folder of options.folders) {
    for (const path of filesBelow(folder, options.depth)) {
      if (left <= 0) return newest;
      left -= 1;
      consider(momentOf(path));
    }
  }
  return newest;
}
