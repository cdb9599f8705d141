import { sql } from "drizzle-orm";
import { check, customType, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { bytes } from "../bytes-column.ts";

/** On some file systems mtime and inode exceed 63 bits: SQLite's ANY stores the number as it is bound. */
const anyNumber = customType<{ data: number; driverData: number }>({ dataType: () => "any" });

/** Where CVs are sent: an API's base URL, or `sandbox`. Each has its own history. */
export const destinations = sqliteTable("destination", {
  id: integer("id").primaryKey(),
  url: text("url").notNull().unique(),
  /** No batches are sent until then, since the server refused them (ms since the epoch). */
  batchRefusedUntilMs: integer("batch_refused_until_ms"),
  /**
   * Until then the server, having shown that it refuses duplicates itself (409), is relied on to do so (ms since
   * the epoch).
   */
  refusesDuplicatesUntilMs: integer("refuses_duplicates_until_ms"),
  /** Incremented by triggers whenever a content stops being done: the `done` marks of files are void then. */
  doneGeneration: integer("done_generation").notNull().default(0),
  /**
   * The last time that it accepted no uploads (ms since the epoch): since when, why, and until when. `until` null:
   * that is not known; in the past: it accepts them again.
   */
  outageSinceMs: integer("outage_since_ms"),
  outageReason: text("outage_reason"),
  outageUntilMs: integer("outage_until_ms"),
});

/** One `nodupe sync` running on a destination. */
export const uploadRuns = sqliteTable("upload_run", {
  id: integer("id").primaryKey(),
  destinationId: integer("destination_id")
    .notNull()
    .references(() => destinations.id),
  pid: integer("pid").notNull(),
  folder: text("folder").notNull(),
  startedAtMs: integer("started_at_ms").notNull(),
  /** null while it runs, and for good if it was killed. */
  endedAtMs: integer("ended_at_ms"),
  /** The result as printed by `--json`, without the failures. */
  result: text("result"),
});

/** A folder that a process is watching right now. */
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

/** The history shared by a destination's machines, as this store last saw it. */
export const uploadShares = sqliteTable("upload_share", {
  destinationId: integer("destination_id")
    .primaryKey()
    .references(() => destinations.id),
  /** Without user and password. */
  address: text("address").notNull(),
  /** The epoch whose start was waited for; null if none was. */
  epoch: text("epoch"),
  /** Everything done by runs up to this one was published in that epoch; null: unknown. */
  publishedRunId: integer("published_run_id"),
  /** joined, settling, away (`reason` says why). */
  state: text("state", { enum: ["joined", "settling", "away"] }).notNull(),
  reason: text("reason"),
  pid: integer("pid").notNull(),
  sinceMs: integer("since_ms").notNull(),
});

/** Contents that were forgotten or found missing: once published, they are no longer done for other machines either. */
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

/** The state of a content at a destination. A content that no run has started on has no row. */
export const contents = sqliteTable(
  "content",
  {
    destinationId: integer("destination_id")
      .notNull()
      .references(() => destinations.id),
    /** SHA-256, lower-case hex. */
    checksum: text("checksum").notNull(),
    /** `sending` is written before the first byte is sent; if found at start-up, the outcome is unknown. */
    state: text("state", { enum: CONTENT_STATES }).notNull(),
    /** How it became `done`: sent by us, already on the server, or imported from an earlier client's history. */
    via: text("via", { enum: ["upload", "server", "import"] }),
    /** The file that was sent or was to be sent. */
    path: text("path"),
    /** When it was last known to be in flight (ms since the epoch); kept fresh while it is. */
    sentAtMs: integer("sent_at_ms"),
    /** The last run that worked on it. */
    runId: integer("run_id"),
    status: integer("status"),
    reason: text("reason"),
    updatedAtMs: integer("updated_at_ms").notNull(),
    /** When it was last in flight, by a clock that cannot be set: ms since boot, and which machine and boot. */
    sentUptimeMs: integer("sent_uptime_ms"),
    sentBoot: text("sent_boot"),
  },
  (table) => [
    primaryKey({ columns: [table.destinationId, table.checksum] }),
    check("content_checksum", sql`length(${table.checksum}) = 64`),
    check("content_state", sql`${table.state} IN ('pending', 'sending', 'done', 'failed')`),
    check("content_via", sql`${table.via} IN ('upload', 'server', 'import')`),
    // Few rows are not done: the index holds only those.
    index("content_by_state")
      .on(table.destinationId, table.state)
      .where(sql`${table.state} <> 'done'`),
  ],
);

/** A folder with files in the checksum cache. */
export const hashedFolders = sqliteTable("hashed_folder", {
  id: integer("id").primaryKey(),
  path: text("path").notNull().unique(),
  /** The day on which a run last visited it (ms since the epoch). */
  seenAtMs: integer("seen_at_ms").notNull(),
});

/** The checksum cache: as long as a file keeps its size, times, inode and device, it keeps its checksum. */
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
    /** The content is done at the destination with this done_epoch; any other value, or null, says nothing. */
    doneEpoch: integer("done_epoch"),
  },
  (table) => [primaryKey({ columns: [table.folderId, table.name] })],
);

/**
 * A piece of a folder's listing in which every CV was found done: as long as it is unchanged, none of its files is
 * looked up.
 */
export const hashedPages = sqliteTable(
  "hashed_page",
  {
    folderId: integer("folder_id")
      .notNull()
      .references(() => hashedFolders.id, { onDelete: "cascade" }),
    /** The number of the piece in its folder, from 0. */
    page: integer("page").notNull(),
    /** SHA-256 of the piece and of its files' sizes, times, inodes and devices. */
    digest: bytes("digest").notNull(),
    /** As in hashed_file. */
    doneEpoch: integer("done_epoch").notNull(),
  },
  (table) => [primaryKey({ columns: [table.folderId, table.page] })],
);

export type ContentRow = typeof contents.$inferSelect;
export type DestinationRow = typeof destinations.$inferSelect;
