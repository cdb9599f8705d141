import type { Database } from "bun:sqlite";
import type { EventBlockRow, RollupRow } from "../../db/tables/nodes.ts";
import { Failure } from "../../lib/errors.ts";
import { decodeBlock } from "../store/block.ts";
import { addCells, addStoredCells, type SummedCells } from "../store/cell-sums.ts";
import { latestSnapshot, type Snapshot } from "../store/node-snapshot.ts";
import { type SatelliteScores, satelliteScores } from "../store/satellite-scores.ts";
import { type HourStats, hourStatsOf, readHourStats } from "../store/hour-stats.ts";
import { addEvent, createRollup, type Rollup, TIER_DAY, TIER_HOUR } from "../store/rollup.ts";
import { BUCKET_LIMIT } from "../store/sketch.ts";
import { addStoredSketch } from "../store/stored-sketch.ts";
import { ABANDONED, DAY_MS, HOUR_MS } from "../log/vocabulary.ts";

/** [sinceMs, untilMs) */
export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** All that a comparison knows of one node in the window. */
export interface NodeData {
  readonly hours: readonly HourStats[];
  readonly cells: SummedCells;
  /** What the hours' sketches add up to: timed operations by bucket. */
  readonly bucketCounts: Float64Array;
  readonly snapshot: Snapshot | null;
  readonly scores: readonly SatelliteScores[];
  /** The newest line in the store, whenever it was. */
  readonly newestMs: number | null;
}

type HourSummary = Pick<RollupRow, "startMs" | "summary">;

type StoredEvents = Pick<EventBlockRow, "events" | "columns" | "keys">;

/** Throws once the deadline has passed: SQLite runs in this thread, so it is asked between rows. */
function checkDeadline(deadline: number): void {
  if (performance.now() > deadline) {
    throw new Failure("failed", "reading its figures took longer than compare.query_timeout");
  }
}

/** Events of the part of an hour that lies in the window, from the blocks. */
function partOfHour(db: Database, nodeId: number, window: Window): Rollup {
  const part = createRollup();
  const rows = db
    .query<StoredEvents, [number, number, number]>(
      "SELECT events, columns, keys FROM event_block WHERE node_id = ? AND until_ms >= ? AND from_ms < ?",
    )
    .iterate(nodeId, window.sinceMs, window.untilMs);
  for (const stored of rows) {
    const events = decodeBlock(stored);
    for (let row = 0; row < events.count; row += 1) {
      const time = events.timeMs[row] ?? 0;
      if (time < window.sinceMs || time >= window.untilMs) continue;
      if (events.outcome[row] === ABANDONED) continue;
      addEvent(part, events, row);
      part.summary.firstMs = Math.min(part.summary.firstMs, time);
      part.summary.lastMs = Math.max(part.summary.lastMs, time);
    }
  }
  // Events do not keep their line's level; the hour they stand in does.
  const hour = db
    .query<{ summary: Uint8Array }, [number, number, number]>(
      "SELECT summary FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
    )
    .get(nodeId, TIER_HOUR, Math.floor(window.sinceMs / HOUR_MS) * HOUR_MS);
  if (hour !== null) part.summary.levels.set(readHourStats(0, hour.summary).levels);
  return part;
}

/** What a window adds up to. */
interface Sums {
  readonly cells: SummedCells;
  readonly bucketCounts: Float64Array;
}

const EVERY_BUCKET = Int32Array.from({ length: BUCKET_LIMIT }, (_, bucket) => bucket);

function addRollups(
  db: Database,
  from: {
    readonly nodeId: number;
    readonly tier: number;
    readonly window: Window;
    readonly deadline: number;
  },
  { cells, bucketCounts }: Sums,
): void {
  const rows = db
    .query<{ summary: Uint8Array; cells: Uint8Array }, [number, number, number, number]>(
      "SELECT summary, cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ?",
    )
    .iterate(from.nodeId, from.tier, from.window.sinceMs, from.window.untilMs);
  for (const row of rows) {
    addStoredSketch(readHourStats(0, row.summary).sketch, EVERY_BUCKET, bucketCounts, 0);
    addStoredCells(cells, row.cells);
    checkDeadline(from.deadline);
  }
}

/** Sums over whole hours: whole UTC days from the daily tier, the hours at both ends from the hourly one. */
function sumsOf(db: Database, nodeId: number, window: Window, deadline: number): Sums {
  const sums: Sums = { cells: new Map(), bucketCounts: new Float64Array(BUCKET_LIMIT) };
  const firstDayMs = Math.ceil(window.sinceMs / DAY_MS) * DAY_MS;
  const lastDayMs = Math.floor(window.untilMs / DAY_MS) * DAY_MS;
  const parts =
    firstDayMs < lastDayMs
      ? ([
          [TIER_HOUR, window.sinceMs, firstDayMs],
          [TIER_DAY, firstDayMs, lastDayMs],
          [TIER_HOUR, lastDayMs, window.untilMs],
        ] as const)
      : ([[TIER_HOUR, window.sinceMs, window.untilMs]] as const);
  for (const [tier, sinceMs, untilMs] of parts) {
    addRollups(db, { nodeId, tier, window: { sinceMs, untilMs }, deadline }, sums);
  }
  return sums;
}

/**
 * Reads one node's figures. Whole hours come from the roll-ups; of an hour that the window cuts, the events are
 * counted. (`--last` never cuts an hour.)
 */
export function gatherNode(db: Database, nodeId: number, window: Window, deadline: number): NodeData {
  const wholeFromMs = Math.ceil(window.sinceMs / HOUR_MS) * HOUR_MS;
  const wholeUntilMs = Math.max(wholeFromMs, Math.floor(window.untilMs / HOUR_MS) * HOUR_MS);
  const whole = { sinceMs: wholeFromMs, untilMs: wholeUntilMs };
  const rows = db
    .query<HourSummary, [number, number, number, number]>(
      "SELECT start_ms AS startMs, summary FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms",
    )
    .all(nodeId, TIER_HOUR, whole.sinceMs, whole.untilMs);
  checkDeadline(deadline);
  const hours = rows.map((row) => readHourStats(row.startMs, row.summary));
  checkDeadline(deadline);
  const { cells, bucketCounts } = sumsOf(db, nodeId, whole, deadline);
  const head = { sinceMs: window.sinceMs, untilMs: Math.min(wholeFromMs, window.untilMs) };
  const tail = { sinceMs: Math.max(wholeUntilMs, head.untilMs), untilMs: window.untilMs };
  for (const edge of [head, tail]) {
    if (edge.sinceMs >= edge.untilMs) continue;
    const part = partOfHour(db, nodeId, edge);
    checkDeadline(deadline);
    if (part.summary.firstMs > part.summary.lastMs) continue;
    addCells(cells, part.cells);
    const stats = hourStatsOf(Math.floor(edge.sinceMs / HOUR_MS) * HOUR_MS, part.summary);
    addStoredSketch(stats.sketch, EVERY_BUCKET, bucketCounts, 0);
    if (edge === head) hours.unshift(stats);
    else hours.push(stats);
  }
  const newest = db
    .query<{ newestMs: number | null }, [number]>("SELECT newest_ms AS newestMs FROM node WHERE id = ?")
    .get(nodeId);
  return {
    hours,
    cells,
    bucketCounts,
    snapshot: latestSnapshot(db, nodeId),
    scores: satelliteScores(db, nodeId, window.untilMs),
    newestMs: newest?.newestMs ?? null,
  };
}
