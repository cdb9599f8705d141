import type { Store } from "../db/open.ts";
import type { Intake } from "./intake/intake.ts";
import type { Source, Standing } from "./intake/source.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { admit } from "./plan/dedupe.ts";
import type { Tally } from "./report/tally.ts";

/** No run has this number: a dry run takes up no content. */
const NO_RUN = 0;

/** A dry run settles every file at once. */
const AT_REST: Standing = { isIdle: true, idle: () => Promise.resolve() };

/** Counts what would be sent, without a server. Contents already seen are kept in a temporary table, not in memory. */
export async function countContents(
  source: Source,
  intake: Intake,
  options: {
    readonly store: Store;
    readonly ledger: Ledger;
    readonly tally: Tally;
    readonly retryFailed: boolean;
    readonly onWouldSend?: ((path: string) => Promise<void>) | null;
  },
): Promise<void> {
  const { store, ledger, tally, retryFailed, onWouldSend } = options;
  const { db } = store;
  db.run("CREATE TEMP TABLE IF NOT EXISTS dry_run_seen (checksum TEXT PRIMARY KEY) WITHOUT ROWID");
  db.run("DELETE FROM dry_run_seen");
  const see = db.prepare("INSERT OR IGNORE INTO dry_run_seen VALUES (?)");
  for await (const batch of source.batches(AT_REST)) {
    for await (const { checksum, file, bytes } of intake.contents(batch)) {
      if (bytes !== null) intake.pool.give(bytes);
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
}
