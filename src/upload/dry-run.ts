import type { Database } from "bun:sqlite";
import type { BufferPool } from "./intake/buffer-pool.ts";
import type { Content } from "./intake/intake.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { admit } from "./plan/dedupe.ts";
import type { Tally } from "./report/tally.ts";

/** No run has this number: a dry run takes nothing up. */
const NO_RUN = 0;

/** Counts what would be sent, without a server. What it has seen is kept in a temporary table, not in memory. */
export async function countContents(
  contents: AsyncIterable<Content>,
  options: {
    db: Database;
    ledger: Ledger;
    tally: Tally;
    pool: BufferPool;
    retryFailed: boolean;
    onWouldSend: ((path: string) => Promise<void>) | null;
  },
): Promise<void> {
  const { db, ledger, tally, pool, retryFailed, onWouldSend } = options;
  db.run("CREATE TEMP TABLE IF NOT EXISTS dry_run_seen (checksum TEXT PRIMARY KEY) WITHOUT ROWID");
  db.run("DELETE FROM dry_run_seen");
  const see = db.prepare("INSERT OR IGNORE INTO dry_run_seen VALUES (?)");
  for await (const { checksum, file, bytes } of contents) {
    if (bytes !== null) pool.give(bytes);
    const isInFlight = see.run(checksum).changes === 0;
    const admission = admit(ledger.content(checksum), { isInFlight, runId: NO_RUN, retryFailed });
    if (admission.type === "duplicate") tally.there("known-here", file.path);
    else if (admission.type === "failed") tally.fail(file.path, admission);
    else {
      tally.there("uploaded", file.path);
      await onWouldSend?.(file.path);
    }
  }
}
