import type { Database } from "bun:sqlite";
import type { EventBlockRow, RollupRow } from "../../db/tables/nodes.ts";
import { intact, openBlob, openRow } from "../../db/sealed-blob.ts";
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
  /** First milliseconds of hours of which something is damaged in the store, and left out. */
  readonly damagedHours: readonly number[];
}

/** Told of an hour of which something is damaged in the store. */
type OnDamage = (startMs: number) => void;

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
function partOfHour(db: Database, nodeId: number, window: Window, onDamage: OnDamage): Rollup {
  const part = createRollup();
  const hourMs = Math.floor(window.sinceMs / HOUR_MS) * HOUR_MS;
  const rows = db
    .query<StoredEvents, [number, number, number]>(
      "SELECT events, columns, keys FROM event_block WHERE node_id = ? AND until_ms >= ? AND from_ms < ?",
    )
    .iterate(nodeId, window.sinceMs, window.untilMs);
  for (const stored of rows) {
    const events = intact(() => decodeBlock(stored));
    if (events === null) {
      onDamage(hourMs);
      continue;
    }
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
    .get(nodeId, TIER_HOUR, hourMs);
  if (hour !== null && openRow(hour, ["summary"])) part.summary.levels.set(linesOf(hour.summary));
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

/** Adds a roll-up whose blobs are opened. */
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
  onDamage: OnDamage,
): void {
  const { nodeId, tier, window, options } = from;
  // Cells are most of a roll-up: SQLite does not read what is not asked for.
  const rows = db
    .query<StoredRow, [number, number, number, number, number]>(
      "SELECT start_ms AS startMs, summary, iif(?, cells, NULL) AS cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ?",
    )
    .all(Number(options.explains), nodeId, tier, window.sinceMs, window.untilMs);
  for (const row of rows) {
    const { startMs } = row;
    if (intact(() => addStored(db, from, row, sums)) !== null) continue;
    if (tier === TIER_HOUR) onDamage(startMs);
    else {
      const day = { sinceMs: startMs, untilMs: startMs + DAY_MS };
      addRollups(db, { ...from, tier: TIER_HOUR, window: day }, sums, onDamage);
    }
  }
  checkDeadline(options.deadline);
}

type StoredRow = HourSummary & { readonly cells: Uint8Array | null };

/**
 * Adds a roll-up as the store has it, all of it or nothing.
 *
 * @throws DamagedBlob
 */
function addStored(
  db: Database,
  { nodeId, tier }: { readonly nodeId: number; readonly tier: number },
  { startMs, summary, cells }: StoredRow,
  sums: Sums,
): true {
  const opened = openBlob(summary);
  if (cells !== null) addRollup(sums, { summary: opened, cells: openBlob(cells) });
  else if (!addSummary(sums, opened)) {
    // Where the cells of a summary of before are damaged, its sums by action are lost, and nothing else.
    const groups = intact(() => cellsAt(db, { nodeId, tier, startMs }).map(openBlob));
    if (groups !== null) addCellsByAction(sums.actions, new StoredCells(groups).sums());
  }
  return true;
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

/**
 * Sums over whole hours: whole UTC days from the daily tier, the hours at both ends from the hourly one. A day that is
 * damaged is added up from its hours, an hour that is damaged left out.
 */
function sumsOf(
  db: Database,
  nodeId: number,
  window: Window,
  how: { readonly options: GatherHow; readonly onDamage: OnDamage },
): Sums {
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
    const from = { nodeId, tier, window: { sinceMs, untilMs }, options: how.options };
    addRollups(db, from, sums, how.onDamage);
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

/** What lies of an hour in one end of a window; none where that is empty, or has no line. Its blobs are opened. */
export function rollupsOfEnd(
  db: Database,
  nodeId: number,
  end: Window,
  how: { readonly deadline: number; readonly onDamage: OnDamage },
): StoredRollup[] {
  if (end.sinceMs >= end.untilMs) return [];
  const { summary, cells } = partOfHour(db, nodeId, end, how.onDamage);
  checkDeadline(how.deadline);
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
  const damaged = new Set<number>();
  const how = { deadline, onDamage: (startMs: number) => void damaged.add(startMs) };
  const stored = db
    .query<HourSummary, [number, number, number, number]>(
      "SELECT start_ms AS startMs, summary FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms",
    )
    .all(nodeId, TIER_HOUR, whole.sinceMs, whole.untilMs);
  checkDeadline(deadline);
  const rows = stored.filter((row) => {
    const isIntact = openRow(row, ["summary"]);
    if (!isIntact) how.onDamage(row.startMs);
    return isIntact;
  });
  const sums = sumsOf(db, nodeId, whole, { options, onDamage: how.onDamage });
  const first = rollupsOfEnd(db, nodeId, head, how);
  const last = rollupsOfEnd(db, nodeId, tail, how);
  for (const row of [...first, ...last]) addRollup(sums, row);
  return {
    hours: new HourTable([...first, ...rows, ...last]),
    ...sums,
    snapshot: latestSnapshot(db, nodeId),
    scores: satelliteScores(db, nodeId, window.untilMs),
    newestMs: newestLineOf(db, nodeId),
    damagedHours: [...damaged].toSorted((a, b) => a - b),
  };
}
