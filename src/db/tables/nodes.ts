import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { bytes } from "../bytes-column.ts";

/** A storage node, under the name its operator gives it. */
export const node = sqliteTable("node", {
  id: integer("id").primaryKey(),
  name: text("name").notNull().unique(),
  /** Incremented with every batch; identifies the data that a comparison was computed from. */
  version: integer("version").notNull().default(0),
  /** Time of the newest line, Unix ms. */
  newestMs: integer("newest_ms"),
  /** Operations in flight, in the format of OpenOperations.serialize. */
  open: bytes("open"),
  /** Race-lost lines that are waiting or were just reported, as JSON. */
  race: text("race"),
  /**
   * The process that ingests into this node, and its start time, which tells it from a later process with the same pid.
   */
  leasePid: integer("lease_pid"),
  leaseMark: text("lease_mark"),
});

export const satellite = sqliteTable("satellite", {
  id: integer("id").primaryKey(),
  name: text("name").notNull().unique(),
});

const nodeId = integer("node_id")
  .notNull()
  .references(() => node.id);

/** Up to 8,192 finished operations, as columns; see nodes/store/block.ts. */
export const eventBlock = sqliteTable(
  "event_block",
  {
    id: integer("id").primaryKey(),
    nodeId,
    fromMs: integer("from_ms").notNull(),
    untilMs: integer("until_ms").notNull(),
    events: integer("events").notNull(),
    columns: bytes("columns").notNull(),
    keys: bytes("keys").notNull(),
  },
  (table) => [index("event_block_time").on(table.nodeId, table.untilMs)],
);

/** Totals of an hour (tier 0) or a UTC day (tier 1); kept when its events are pruned. */
export const rollup = sqliteTable(
  "rollup",
  {
    nodeId,
    tier: integer("tier").notNull(),
    startMs: integer("start_ms").notNull(),
    summary: bytes("summary").notNull(),
    cells: bytes("cells").notNull(),
    /** 1 if its events were pruned: further lines of that hour are then recognized as known without them. */
    closed: integer("closed").notNull().default(0),
    /** 0: from the node's log. 1: imported from storj_monitor. Never a mix of both. */
    source: integer("source").notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.nodeId, table.tier, table.startMs] })],
);

/**
 * The hours of a UTC day, packed together (nodes/store/packed-hours.ts): what is read in place of them. Triggers drop it when
 * one of its hours changes; a migration that makes `rollup` anew must keep them.
 */
export const packedDay = sqliteTable(
  "packed_day",
  {
    nodeId,
    startMs: integer("start_ms").notNull(),
    hours: bytes("hours").notNull(),
  },
  (table) => [primaryKey({ columns: [table.nodeId, table.startMs] })],
);

/** Reputation, compactions and the like. */
export const fact = sqliteTable(
  "fact",
  {
    id: integer("id").primaryKey(),
    nodeId,
    timeMs: integer("time_ms").notNull(),
    type: text("type").notNull(),
    satelliteId: integer("satellite_id").notNull(),
    identity: integer("identity").notNull(),
    fields: text("fields").notNull(),
  },
  (table) => [
    index("fact_identity").on(table.nodeId, table.identity),
    index("fact_time").on(table.nodeId, table.type, table.timeMs),
  ],
);

/** How far a log file has been read. Files are identified by content, so a renamed file is still the same file. */
export const logFile = sqliteTable(
  "log_file",
  {
    id: integer("id").primaryKey(),
    nodeId,
    headBytes: integer("head_bytes").notNull(),
    headHash: text("head_hash").notNull(),
    offsetBytes: integer("offset_bytes").notNull(),
    tailHash: text("tail_hash").notNull(),
    /** How the lines before the offset were classified. */
    known: integer("known").notNull(),
    ignored: integer("ignored").notNull(),
    malformed: integer("malformed").notNull(),
    piecestore: integer("piecestore").notNull(),
    /** Hashes of the last lines before the offset. */
    recent: bytes("recent").notNull(),
  },
  (table) => [uniqueIndex("log_file_head").on(table.nodeId, table.headHash, table.headBytes)],
);

/** What a node's own API reported. */
export const nodeSnapshot = sqliteTable(
  "node_snapshot",
  {
    nodeId,
    takenMs: integer("taken_ms").notNull(),
    usedBytes: real("used_bytes"),
    totalBytes: real("total_bytes"),
    trashBytes: real("trash_bytes"),
    joinedMs: integer("joined_ms"),
    /** Means over all satellites, 0 to 1. */
    auditScore: real("audit_score"),
    suspensionScore: real("suspension_score"),
    onlineScore: real("online_score"),
    /** This month's net payout over all satellites. */
    payoutUsd: real("payout_usd"),
    heldUsd: real("held_usd"),
    version: text("version"),
    /** The number of satellites that have disqualified, or suspended, the node. */
    disqualified: integer("disqualified"),
    suspended: integer("suspended"),
  },
  (table) => [primaryKey({ columns: [table.nodeId, table.takenMs] })],
);

/** Cached comparisons, shared between processes. */
export const compareCache = sqliteTable("compare_cache", {
  key: text("key").primaryKey(),
  /** Node ids with commas around them, so that an ingest finds the entries it invalidates. */
  nodes: text("nodes").notNull(),
  createdMs: integer("created_ms").notNull(),
  usedMs: integer("used_ms").notNull(),
  body: text("body").notNull(),
});

export const compareCount = sqliteTable("compare_count", {
  id: integer("id").primaryKey(),
  hits: integer("hits").notNull(),
  misses: integer("misses").notNull(),
});

export type NodeRow = typeof node.$inferSelect;
export type EventBlockRow = typeof eventBlock.$inferSelect;
export type RollupRow = typeof rollup.$inferSelect;
export type PackedDayRow = typeof packedDay.$inferSelect;
