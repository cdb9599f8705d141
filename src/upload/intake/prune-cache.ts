import type { Database } from "bun:sqlite";
import { lstatSync } from "node:fs";
import { systemPath } from "../../lib/path-bytes.ts";

const DAY_MS = 86_400_000;
/** A folder that no run has visited for this long has moved or is gone: its files are hashed again if it returns. */
const FOLDER_AGE_MS = 90 * DAY_MS;
/** Files looked for in one run: takes some milliseconds. */
const LOOKED_FOR = 1_000;

export interface PruneOptions {
  /** Folders in which this run has hashed something: where new files come, old ones go. */
  readonly folderIds: readonly number[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Uniform in [0, 1): chooses which part of a large folder is looked at. */
  readonly random: () => number;
}

/**
 * Keeps the checksum cache from growing beyond the files that exist. Folders are forgotten once no run has visited them
 * for 90 days. In folders that change, files that no longer exist are forgotten; a thousand are looked for in each run.
 *
 * @returns how many file rows were removed in changing folders.
 */
export function pruneCache(db: Database, { folderIds, nowMs, random }: PruneOptions): number {
  db.query("DELETE FROM hashed_folder WHERE seen_at_ms < ?").run(nowMs - FOLDER_AGE_MS);
  const countOf = db.query<{ count: number }, [number]>(
    "SELECT count(*) AS count FROM hashed_file WHERE folder_id = ?",
  );
  const page = db.query<{ path: string; name: string }, [number, number, number]>(
    `SELECT d.path, f.name FROM hashed_file AS f JOIN hashed_folder AS d ON d.id = f.folder_id
     WHERE f.folder_id = ? ORDER BY f.name LIMIT ? OFFSET ?`,
  );
  const forget = db.query("DELETE FROM hashed_file WHERE folder_id = ? AND name = ?");
  let left = LOOKED_FOR;
  let forgotten = 0;
  for (const id of folderIds) {
    if (left === 0) break;
    const beyond = Math.max(0, (countOf.get(id)?.count ?? 0) - left);
    const rows = page.all(id, left, Math.floor(random() * (beyond + 1)));
    left -= rows.length;
    for (const { path, name } of rows) {
      if (isThere(path + name)) continue;
      forgotten += 1;
      forget.run(id, name);
    }
  }
  return forgotten;
}

/** Only a clear "no such file" counts: what cannot be checked may still be there. */
function isThere(path: string): boolean {
  try {
    return lstatSync(systemPath(path), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
