import { statSync } from "node:fs";
import type { Store } from "./open.ts";

/**
 * A process that exits at once (lib/ffi/exit.ts) leaves its write-ahead log to the next one, which must read all of it.
 * SQLite's own checkpoints would not limit that: each process opens the log afresh, assumes that none of it was
 * checkpointed, and restarts it only after a checkpoint of its own.
 */
const LONGEST_BYTES = 64 * 4_096;

/**
 * Checkpoints and truncates a log that has grown: after some ten runs. If that cannot be done now, a later run does it:
 * what is in the log is stored all the same.
 */
export function foldLog({ db, path }: Store): void {
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) <= LONGEST_BYTES) return;
  using timeout = db.prepare<{ timeout: number }, []>("PRAGMA busy_timeout");
  const patienceMs = timeout.get()?.timeout ?? 0;
  db.run("PRAGMA busy_timeout = 0");
  try {
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // What is wrong with the disk is said by the next commit.
  } finally {
    db.run(`PRAGMA busy_timeout = ${patienceMs}`);
  }
}
