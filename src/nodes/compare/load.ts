import type { Database } from "bun:sqlite";
import type { EventBlockRow, RollupRow } from "../../db/tables/nodes.ts";
import { Failure } from "../../lib/errors.ts";
import { decodeBlock } from "../store/block.ts";
import { type ActionSums, addCellsByAction, createActionSums, readActions } from "../store/action-sums.ts";
import { encodeCells, StoredCells } from "../store/cell-sums.ts";
import { HourTable, linesOf, sketchOf } from "../store/hour-table.ts";
import { latestSnapshot, type Snapshot } from "../store/node-snapshot.ts";
import { type SatelliteScores, satelliteScores } from "../store/satellite-scores.ts";
import { addEvent, createRollup, encodeSummary, type Rollup, TIER_DAY, TIER_HOUR } from "../store/rollup.ts";
import { BUCKET_LIMIT } from "../store/sketch.ts";
import { addStoredSketch } from "../store/stored-sketch.ts";
import { VarintReader } from "../store/varint.ts";
import { ABANDONED, DAY_MS, HOUR_MS } from "../log/vocabulary.ts";

/** [sinceMs, untilMs) */
export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** All that a comparison knows of one node in the window. */
export interface NodeData {
  readonly hours: HourTable;
  readonly actions: ActionSums;
  /** What explains a difference; unpacked only where there is one. */
  readonly cells: StoredCells;
  /** What the hours' sketches add up to: timed operations by bucket. */
  readonly bucketCounts: Float64Array;
  readonly snapshot: Snapshot | null;
  readonly scores: readonly SatelliteScores[];
  /** The newest line in the store, whenever it was. */
  readonly newestMs: number | null;
}

type HourSummary = Pick<RollupRow, "startMs" | "summary">;

type StoredEvents = Pick<EventBlockRow, "events" | "columns" | "keys">;

/** How a node's figures are read. */
export interface GatherHow {
  /** By performance.now(). */
  readonly deadline: number;
  /** Differences are to be explained: what that takes is read too. Else `cells` is empty. */
  readonly explains: boolean;
}

/** Throws once the deadline has passed: SQLite runs in this thread, so it is asked between rows. */
export function checkDeadline(deadline: number): void {
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
  if (hour !== null) part.summary.levels.set(linesOf(hour.summary));
  return part;
}

/** What a window adds up to. */
interface Sums {
  readonly actions: ActionSums;
  readonly cells: StoredCells;
  readonly bucketCounts: Float64Array;
}

const EVERY_BUCKET = Int32Array.from({ length: BUCKET_LIMIT }, (_, bucket) => bucket);

/** An hour as the store has it; of an hour that a window cuts, the part that lies in it. */
export type StoredRollup = Pick<RollupRow, "startMs" | "summary" | "cells">;

export function createSums(): Sums {
  return {
    actions: createActionSums(),
    cells: new StoredCells(),
    bucketCounts: new Float64Array(BUCKET_LIMIT),
  };
}

export function addRollup(sums: Sums, { summary, cells }: Omit<StoredRollup, "startMs">): void {
  if (!addSummary(sums, summary)) addCellsByAction(sums.actions, new StoredCells([cells]).sums());
  sums.cells.add(cells);
}

/** @returns false for a summary of before, whose sums by action only its cells tell. */
function addSummary({ actions, bucketCounts }: Sums, summary: Uint8Array): boolean {
  const end = addStoredSketch(sketchOf(summary), EVERY_BUCKET, bucketCounts, 0);
  if (end === summary.length) return false;
  readActions(new VarintReader(summary.subarray(end)), actions);
  return true;
}

function addRollups(
  db: Database,
  from: {
    readonly nodeId: number;
    readonly tier: number;
    readonly window: Window;
    readonly options: GatherHow;
  },
  sums: Sums,
): void {
  const { nodeId, tier, window, options } = from;
  // Cells are most of a roll-up: SQLite does not read what is not asked for.
  const rows = db
    .query<HourSummary & { cells: Uint8Array | null }, [number, number, number, number, number]>(
      "SELECT start_ms AS startMs, summary, iif(?, cells, NULL) AS cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ?",
    )
    .all(Number(options.explains), nodeId, tier, window.sinceMs, window.untilMs);
  for (const { startMs, summary, cells } of rows) {
    if (cells !== null) addRollup(sums, { summary, cells });
    else if (!addSummary(sums, summary)) {
      addCellsByAction(sums.actions, new StoredCells(cellsAt(db, { nodeId, tier, startMs })).sums());
    }
  }
  checkDeadline(options.deadline);
}

function cellsAt(
  db: Database,
  { nodeId, tier, startMs }: { nodeId: number; tier: number; startMs: number },
): Uint8Array[] {
  return db
    .query<{ cells: Uint8Array }, [number, number, number]>(
      "SELECT cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
    )
    .all(nodeId, tier, startMs)
    .map(({ cells }) => cells);
}

/** Sums over whole hours: whole UTC days from the daily tier, the hours at both ends from the hourly one. */
function sumsOf(db: Database, nodeId: number, window: Window, options: GatherHow): Sums {
  const sums = createSums();
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
    addRollups(db, { nodeId, tier, window: { sinceMs, untilMs }, options }, sums);
  }
  return sums;
}

/** A window's whole hours, and what it cuts at its ends; an end is empty where it cuts none. */
export function partsOf({ sinceMs, untilMs }: Window): Readonly<Record<"whole" | "head" | "tail", Window>> {
  const wholeFromMs = Math.ceil(sinceMs / HOUR_MS) * HOUR_MS;
  const wholeUntilMs = Math.max(wholeFromMs, Math.floor(untilMs / HOUR_MS) * HOUR_MS);
  const head = { sinceMs, untilMs: Math.min(wholeFromMs, untilMs) };
  const tail = { sinceMs: Math.max(wholeUntilMs, head.untilMs), untilMs };
  return { whole: { sinceMs: wholeFromMs, untilMs: wholeUntilMs }, head, tail };
}

/** What lies of an hour in one end of a window; none where that is empty, or has no line. */
export function rollupsOfEnd(db: Database, nodeId: number, end: Window, deadline: number): StoredRollup[] {
  if (end.sinceMs >= end.untilMs) return [];
  const { summary, cells } = partOfHour(db, nodeId, end);
  checkDeadline(deadline);
  if (summary.firstMs > summary.lastMs) return [];
  const startMs = Math.floor(end.sinceMs / HOUR_MS) * HOUR_MS;
  return [{ startMs, summary: encodeSummary(summary), cells: encodeCells(cells) }];
}

/** The newest line that the store has of a node, Unix ms. */
export function newestLineOf(db: Database, nodeId: number): number | null {
  const row = db
    .query<{ newestMs: number | null }, [number]>("SELECT newest_ms AS newestMs FROM node WHERE id = ?")
    .get(nodeId);
  return row?.newestMs ?? null;
}

/**
 * Reads one node's figures. Whole hours come from the roll-ups; of an hour that the window cuts, the events are
 * counted. (`--last` never cuts an hour.)
 */
export function gatherNode(db: Database, nodeId: number, window: Window, options: GatherHow): NodeData {
  const { deadline } = options;
  const { whole, head, tail } = partsOf(window);
  const rows = db
    .query<HourSummary, [number, number, number, number]>(
      "SELECT start_ms AS startMs, summary FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms",
    )
    .all(nodeId, TIER_HOUR, whole.sinceMs, whole.untilMs);
  checkDeadline(deadline);
  const sums = sumsOf(db, nodeId, whole, options);
  const first = rollupsOfEnd(db, nodeId, head, deadline);
  const last = rollupsOfEnd(db, nodeId, tail, deadline);
  for (const row of [...first, ...last]) addRollup(sums, row);
  return {
    hours: new HourTable([...first, ...rows, ...last]),
    ...sums,
    snapshot: latestSnapshot(db, nodeId),
    scores: satelliteScores(db, nodeId, window.untilMs),
    newestMs: newestLineOf(db, nodeId),
  };
}
