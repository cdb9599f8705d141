import type { Database } from "bun:sqlite";
import { openRow } from "../../db/sealed-blob.ts";
import { type LogLevel, logLevelOf } from "../log/vocabulary.ts";
import { HourTable, sumOf } from "../store/hour-table.ts";
import { TIER_HOUR } from "../store/rollup.ts";

/** What the store has about a node. Times are Unix ms. */
export interface NodeSummary {
  readonly name: string;
  /** Ended operations, pruned ones included. */
  readonly events: number;
  readonly firstEventMs: number | null;
  readonly newestLineMs: number | null;
  readonly logLevel: LogLevel | null;
  /** The resolution of durations; null if no duration is known. */
  readonly latencyResolutionMs: 1 | 1000 | null;
  /** When the node's API last answered. */
  readonly apiSeenMs: number | null;
  readonly storeBytes: number;
  /** Hours imported from storj_monitor. */
  readonly importedHours: number;
}

interface Row {
  id: number;
  name: string;
  newestLineMs: number | null;
  apiSeenMs: number | null;
  storeBytes: number;
}

/** The names of all nodes, sorted. */
export function nodeNames(db: Database): string[] {
  return db
    .query<{ name: string }, []>("SELECT name FROM node ORDER BY name")
    .all()
    .map(({ name }) => name);
}

/** The bytes of all data of node `n`, without SQLite's overhead. */
const STORE_BYTES = [
  ["event_block", "length(columns) + length(keys)"],
  ["rollup", "length(summary) + length(cells)"],
  ["packed_day", "length(hours)"],
  ["fact", "length(fields)"],
  ["log_file", "length(recent)"],
]
  .map(([table, bytes]) => `coalesce((SELECT sum(${bytes}) FROM ${table} WHERE node_id = n.id), 0)`)
  .join(" + ");

function summed(
  hours: HourTable,
): Pick<NodeSummary, "events" | "firstEventMs" | "logLevel" | "latencyResolutionMs"> {
  const ended = hours.operations();
  const firstMs = hours.firstMs().filter((_, hour) => (ended[hour] ?? 0) > 0);
  const firstEventMs = firstMs.reduce((first, ms) => Math.min(first, ms), Infinity);
  return {
    events: sumOf(ended),
    firstEventMs: firstEventMs === Infinity ? null : firstEventMs,
    logLevel: logLevelOf(hours.linesByLevel()),
    latencyResolutionMs: hours.resolutionMs(),
  };
}

/** All nodes of the store, by name. */
export function listNodes(db: Database): NodeSummary[] {
  const rows = db
    .query<Row, []>(
      `SELECT id, name, newest_ms AS newestLineMs, ${STORE_BYTES} + coalesce(length(open), 0) AS storeBytes,
       (SELECT max(taken_ms) FROM node_snapshot WHERE node_id = n.id) AS apiSeenMs FROM node AS n ORDER BY name`,
    )
    .all();
  const hoursOf = db.query<{ startMs: number; summary: Uint8Array; source: number }, [number, number]>(
    "SELECT start_ms AS startMs, summary, source FROM rollup WHERE node_id = ? AND tier = ? ORDER BY start_ms",
  );
  return rows.map(({ id, ...row }) => {
    const hours = hoursOf.all(id, TIER_HOUR);
    return {
      ...row,
      ...summed(new HourTable(hours.filter((hour) => openRow(hour, ["summary"])))),
      importedHours: hours.filter(({ source }) => source !== 0).length,
    };
  });
}
