import m0000 from "./migrations/0000_upload.sql" with { type: "text" };
import m0001 from "./migrations/0001_time.sql" with { type: "text" };
import m0002 from "./migrations/0002_nodes.sql" with { type: "text" };
import m0003 from "./migrations/0003_nts.sql" with { type: "text" };
import m0004 from "./migrations/0004_saved_clock.sql" with { type: "text" };
import m0005 from "./migrations/0005_time_agreeing.sql" with { type: "text" };
import m0006 from "./migrations/0006_closed_hours.sql" with { type: "text" };
import m0007 from "./migrations/0007_watch.sql" with { type: "text" };
import m0008 from "./migrations/0008_upload_doubt.sql" with { type: "text" };
import m0009 from "./migrations/0009_checksum_cache.sql" with { type: "text" };
import m0010 from "./migrations/0010_shared_history.sql" with { type: "text" };
import m0011 from "./migrations/0011_fleet.sql" with { type: "text" };
import m0012 from "./migrations/0012_blob_checksums.sql" with { type: "text" };
import m0013 from "./migrations/0013_known_pages.sql" with { type: "text" };
import m0014 from "./migrations/0014_packed_days.sql" with { type: "text" };
import m0015 from "./migrations/0015_outages.sql" with { type: "text" };

/**
 * The SQL of every schema step, oldest first, embedded in the binary. The store's `user_version` is the number of
 * steps applied to it. A released step is never changed. To add one:
 *
 * 1. Change the table in db/tables: it is the truth, and the row types follow from it.
 * 2. `npm run migration -- NAME` writes migrations/NNNN_NAME.sql (STRICT) and its snapshot, and adds it to this file.
 * 3. Read that SQL; write by hand what the tables cannot express (WITHOUT ROWID, the values of existing rows). The
 *    tests in tests/db compare a migrated store with the tables. Code for what SQL cannot do is in migrate.ts; the step
 *    names it.
 *
 * If two branches both add a step, this file and meta/ conflict. Keep your tables and recreate your step on top of
 * the other: `npm run migration -- NAME --onto main`, then `git add src/db`.
 */
export const MIGRATIONS: readonly string[] = [
  m0000,
  m0001,
  m0002,
  m0003,
  m0004,
  m0005,
  m0006,
  m0007,
  m0008,
  m0009,
  m0010,
  m0011,
  m0012,
  m0013,
  m0014,
  m0015,
];
