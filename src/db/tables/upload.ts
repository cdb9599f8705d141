import { sql } from "drizzle-orm";
import { check, customType, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { bytes } from "../bytes-column.ts";

/** Of some file systems mtime and inode do not fit 63 bits: SQLite's ANY keeps the number as it is bound. */
const anyNumber = customType<{ data: number; driverData: number }>({ dataType: () => "any" });

/** Where CVs are sent: an API's base URL, or `sandbox`. History belongs to one of them. */
export const destinations = sqliteTable("destination", {
  id: integer("id").primaryKey(),
  url: text("url").notNull().unique(),
  /** Until when batches are not tried again, since the server refused them (ms since the epoch). */
  batchRefusedUntilMs: integer("batch_refused_until_ms"),
  /** Until when it is relied on that the server itself refuses what it has (409), as it has shown (ms since the epoch). */
  refusesDuplicatesUntilMs: integer("refuses_duplicates_until_ms"),
  /** Counted up by triggers whenever a content that was done is so no longer: what files say of `done` is then void. */
  doneGeneration: integer("done_generation").notNull().default(0),
});

/** One `nodupe sync` at work on a destination. */
export const uploadRuns = sqliteTable("upload_run", {
  id: integer("id").primaryKey(),
  destinationId: integer("destination_id")
    .notNull()
    .references(() => destinations.id),
  pid: integer("pid").notNull(),
  folder: text("folder").notNull(),
  startedAtMs: integer("started_at_ms").notNull(),
  /** null while it is at work, and for ever where it was killed. */
  endedAtMs: integer("ended_at_ms"),
  /** The result as `--json` prints it, but for the failures. */
  result: text("result"),
});

/** A folder that a process watches just now. */
export const uploadWatches = sqliteTable("upload_watch", {
  destinationId: integer("destination_id")
    .primaryKey()
    .references(() => destinations.id),
  pid: integer("pid").notNull(),
  folder: text("folder").notNull(),
  /** starting, events, scanning (`reason` says why), absent. */
  mode: text("mode").notNull(),
  reason: text("reason"),
  sinceMs: integer("since_ms").notNull(),
});

/** The history that a destination's machines share, as this store last saw it. */
export const uploadShares = sqliteTable("upload_share", {
  destinationId: integer("destination_id")
    .primaryKey()
    .references(() => destinations.id),
  /** Without user and password. */
  address: text("address").notNull(),
  /** The epoch whose beginning was waited for; null where none was. */
  epoch: text("epoch"),
  /** All that runs up to this one have done was told in that epoch; null: nothing is known of it. */
  publishedRunId: integer("published_run_id"),
  /** joined, settling, away (`reason` says why). */
  state: text("state", { enum: ["joined", "settling", "away"] }).notNull(),
  reason: text("reason"),
  pid: integer("pid").notNull(),
  sinceMs: integer("since_ms").notNull(),
});

/** Contents that were forgotten, or turned out to be missing: no longer done for other machines either, once they are told. */
export const uploadRetractions = sqliteTable(
  "upload_retraction",
  {
    destinationId: integer("destination_id")
      .notNull()
      .references(() => destinations.id),
    checksum: text("checksum").notNull(),
  },
  (table) => [primaryKey({ columns: [table.destinationId, table.checksum] })],
);

export const CONTENT_STATES = ["pending", "sending", "done", "failed"] as const;

/** A content's standing at a destination. A content that was never taken up has no row. */
export const contents = sqliteTable(
  "content",
  {
    destinationId: integer("destination_id")
      .notNull()
      .references(() => destinations.id),
    /** SHA-256, lower-case hex. */
    checksum: text("checksum").notNull(),
    /** `sending` is written before the first byte is sent; found at start-up it is ambiguous. */
    state: text("state", { enum: CONTENT_STATES }).notNull(),
    /** How it came to be `done`: sent by us, known to the server before, or taken from an earlier client's history. */
    via: text("via", { enum: ["upload", "server", "import"] }),
    /** Of the file that was, or was to be, sent. */
    path: text("path"),
    /** When it was last known to be on its way (ms since the epoch); kept fresh while it is. */
    sentAtMs: integer("sent_at_ms"),
    /** The run that took it up last. */
    runId: integer("run_id"),
    status: integer("status"),
    reason: text("reason"),
    updatedAtMs: integer("updated_at_ms").notNull(),
    /** When it was on its way last, by a clock that nobody sets: ms since the machine's boot, and which machine and boot that was. */
    sentUptimeMs: integer("sent_uptime_ms"),
    sentBoot: text("sent_boot"),
  },
  (table) => [
    primaryKey({ columns: [table.destinationId, table.checksum] }),
    check("content_checksum", sql`length(${table.checksum}) = 64`),
    check("content_state", sql`${table.state} IN ('pending', 'sending', 'done', 'failed')`),
    check("content_via", sql`${table.via} IN ('upload', 'server', 'import')`),
    // Few rows are anything but done: the index holds those alone.
    index("content_by_state")
      .on(table.destinationId, table.state)
      .where(sql`${table.state} <> 'done'`),
  ],
);

/** A folder whose files are in the checksum cache. */
export const hashedFolders = sqliteTable("hashed_folder", {
  id: integer("id").primaryKey(),
  path: text("path").notNull().unique(),
  /** When a run was there last, to a day (ms since the epoch). */
  seenAtMs: integer("seen_at_ms").notNull(),
});

/** The checksum cache: a file that has kept its size, times, inode and device keeps its checksum. */
export const hashedFiles = sqliteTable(
  "hashed_file",
  {
    folderId: integer("folder_id")
      .notNull()
      .references(() => hashedFolders.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    mtimeUs: anyNumber("mtime_us").notNull(),
    ctimeUs: anyNumber("ctime_us").notNull(),
    inode: anyNumber("inode").notNull(),
    device: anyNumber("device").notNull(),
    /** SHA-256, 32 bytes. */
    checksum: bytes("checksum").notNull(),
    /** The content is done at the destination whose done_epoch this is; of another, or null, it says nothing. */
    doneEpoch: integer("done_epoch"),
  },
  (table) => [primaryKey({ columns: [table.folderId, table.name] })],
);

export type ContentRow = typeof contents.$inferSelect;
export type DestinationRow = typeof destinations.$inferSelect;
