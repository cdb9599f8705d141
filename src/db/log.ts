import { statSync } from "node:fs";
import { isBusy } from "./busy.ts";
import type { Store } from "./open.ts";

/**
 * A process that exits at once (lib/ffi/exit.ts) leaves its write-ahead log to the next one, which must read all of it.
 * SQLite's own checkpoints would not limit that: each process opens the log afresh, assumes that none of it was
 * checkpointed, and restarts it only after a checkpoint of its own.
 */
const LONGEST_BYTES = 64 * 4_096;

/** Checkpoints and truncates a log that has grown: after some ten runs. A later run does so if others are reading now. */
export function foldLog({ db, path }: Store): void {
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) <= LONGEST_BYTES) return;
  using timeout = db.prepare<{ timeout: number }, []>("PRAGMA busy_timeout");
  const patienceMs = timeout.get()?.timeout ?? 0;
  db.run("PRAGMA busy_timeout = 0");
  try {
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
  db.run(`PRAGMA busy_timeout = ${patienceMs}`);
}
