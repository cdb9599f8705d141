import type { Database } from "bun:sqlite";
import { forgetComparisons } from "./node-store.ts";

/** Figures from a node's own API; null for those it does not report, or if no good answer came. */
export interface NodeFigures {
  readonly usedBytes: number | null;
  readonly totalBytes: number | null;
  readonly trashBytes: number | null;
  readonly joinedMs: number | null;
  /** Means over satellites, 0 to 1. */
  readonly auditScore: number | null;
  readonly suspensionScore: number | null;
  readonly onlineScore: number | null;
  /** This month's payout, over all satellites. */
  readonly payoutUsd: number | null;
  readonly heldUsd: number | null;
  readonly version: string | null;
  /** Satellites that have disqualified, or suspended, the node. */
  readonly disqualified: number | null;
  readonly suspended: number | null;
}

/** The last known figure of each kind, whenever it was reported: an answer that did not come removes nothing. */
export interface Snapshot extends NodeFigures {
  /** When the newest answer came. */
  readonly takenMs: number;
  /** When payout and held amount were reported; they are for that month. */
  readonly payoutTakenMs: number | null;
}

/** The column of each figure, and which figures come together from one path of the API. */
const COLUMNS = {
  usedBytes: "used_bytes",
  totalBytes: "total_bytes",
  trashBytes: "trash_bytes",
  version: "version",
  disqualified: "disqualified",
  suspended: "suspended",
  joinedMs: "joined_ms",
  auditScore: "audit_score",
  suspensionScore: "suspension_score",
  onlineScore: "online_score",
  payoutUsd: "payout_usd",
  heldUsd: "held_usd",
} as const satisfies Record<keyof NodeFigures, string>;

const ENTRIES = Object.entries(COLUMNS);

/** Stores what a node's API reported, and drops comparisons computed without it. */
export function storeSnapshot(db: Database, nodeId: number, takenMs: number, figures: NodeFigures): void {
  const names = ENTRIES.map(([, column]) => column);
  const values = (Object.keys(COLUMNS) as (keyof NodeFigures)[]).map((name) => figures[name]);
  const write = db.transaction(() => {
    db.query(
      `INSERT OR REPLACE INTO node_snapshot (node_id, taken_ms, ${names.join(", ")})
       VALUES (?, ?, ${names.map(() => "?").join(", ")})`,
    ).run(nodeId, takenMs, ...values);
    forgetComparisons(db, nodeId);
  });
  write.immediate();
}

function lastOf(column: string, of = column): string {
  return `(SELECT ${column} FROM node_snapshot WHERE node_id = ?1 AND ${of} IS NOT NULL ORDER BY taken_ms DESC LIMIT 1)`;
}

export function latestSnapshot(db: Database, nodeId: number): Snapshot | null {
  const figures = ENTRIES.map(([name, column]) => `${lastOf(column)} AS ${name}`);
  return db
    .query<Snapshot, [number]>(
      `SELECT max(taken_ms) AS takenMs, ${figures.join(", ")}, ${lastOf("taken_ms", "payout_usd")} AS payoutTakenMs
       FROM node_snapshot WHERE node_id = ?1 HAVING count(*) > 0`,
    )
    .get(nodeId);
}
