import { integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { bytes } from "../bytes-column.ts";

/** Another board, as its `serve` last reported itself. */
export const fleetBoard = sqliteTable("fleet_board", {
  id: integer("id").primaryKey(),
  /** Scheme, host and port, and a path if any. */
  url: text("url").notNull().unique(),
  /** 1 if this board's `serve` follows it ([fleet] boards); 0 if a comparison asked it once. */
  followed: integer("followed").notNull().default(0),
  /** When it last answered, Unix ms. */
  toldMs: integer("told_ms"),
  /** Since when it has not answered; null while it does. */
  lostMs: integer("lost_ms"),
  /** Why it does not answer. */
  reason: text("reason"),
  /** What it reported about itself, as JSON. */
  overview: text("overview"),
});

/** A node of another board: what a comparison knows of it besides its hours. */
export const fleetNode = sqliteTable(
  "fleet_node",
  {
    id: integer("id").primaryKey(),
    boardId: integer("board_id")
      .notNull()
      .references(() => fleetBoard.id),
    name: text("name").notNull(),
    takenMs: integer("taken_ms").notNull(),
    /** The rest of what its board sent with its hours, as JSON. */
    about: text("about").notNull(),
  },
  (table) => [uniqueIndex("fleet_node_name").on(table.boardId, table.name)],
);

/** Hours of other boards' nodes, copied from those boards' stores, to compare while a board is away. */
export const fleetRollup = sqliteTable(
  "fleet_rollup",
  {
    nodeId: integer("node_id")
      .notNull()
      .references(() => fleetNode.id),
    startMs: integer("start_ms").notNull(),
    summary: bytes("summary").notNull(),
    cells: bytes("cells").notNull(),
  },
  (table) => [primaryKey({ columns: [table.nodeId, table.startMs] })],
);

export type FleetBoardRow = typeof fleetBoard.$inferSelect;
export type FleetNodeRow = typeof fleetNode.$inferSelect;
export type FleetRollupRow = typeof fleetRollup.$inferSelect;
