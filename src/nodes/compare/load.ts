import type { Database } from "bun:sqlite";
import type { EventBlockRow, PackedDayRow, RollupRow } from "../../db/tables/nodes.ts";
import { DamagedBlob, intact, openBlob, openRow } from "../../db/sealed-blob.ts";
import { Failure } from "../../lib/errors.ts";
import { decodeBlock } from "../store/block.ts";
import { type ActionSums, addCellsByAction, createActionSums, readActions } from "../store/action-sums.ts";
import { encodeCells, StoredCells } from "../store/cell-sums.ts";
import { HourTable, linesOf, sketchOf } from "../store/hour-table.ts";
import { latestSnapshot, type Snapshot } from "../store/node-snapshot.ts";
import { type PackedHours, unpackHours } from "../store/packed-hours.ts";
import { type SatelliteScores, satelliteScores } from "../store/satellite-scores.ts";
import { addEvent, createRollup, encodeSummary, type Rollup, TIER_DAY, TIER_HOUR } from "../store/rollup.ts";
import { BUCKET_LIMIT } from "../store/sketch.ts";
import { addStoredSketch } from "../store/stored-sketch.ts";
import type { StoredHour } from "../store/summary-numbers.ts";
import { VarintReader } from "../store/varint.ts";
import { ABANDONED, DAY_MS, HOUR_MS } from "../log/vocabulary.ts";

/** The half-open range [sinceMs, untilMs). */
export interface Window {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Everything a comparison knows about one node in the window. */
export interface NodeData {
  readonly hours: HourTable;
  readonly actions: ActionSums;
  /** Explains differences; read and unpacked only if there is one. */
  readonly cells: StoredCells;
  /** The sum of the hours' sketches: timed operations by bucket. */
  readonly bucketCounts: Float64Array;
  readonly snapshot: Snapshot | null;
  readonly scores: readonly SatelliteScores[];
  /** The newest line in the store, even outside the window. */
  readonly newestMs: number | null;
  /** Start times of hours with damaged data in the store, which is left out. */
  readonly damagedHours: readonly number[];
}

/** Called for an hour with damaged data in the store. */
type OnDamage = (startMs: number) => void;

type StoredEvents = Pick<EventBlockRow, "events" | "columns" | "keys">;

/** Throws after the deadline. SQLite runs in this thread, so this is checked between rows. */
export function checkDeadline(deadline: number): void {
  if (performance.now() > deadline) {
    throw new Failure("failed", "reading its figures took longer than compare.query_timeout");
  }
}

/** The events in the part of an hour that is in the window, from the blocks. */
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
  // The level of a line is not stored with its event, only with its hour.
  const hour = db
    .query<{ summary: Uint8Array }, [number, number, number]>(
      "SELECT summary FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
    )
    .get(nodeId, TIER_HOUR, hourMs);
  if (hour !== null && openRow(hour, ["summary"])) part.summary.levels.set(linesOf(hour.summary));
  return part;
}

/** The totals of a window. */
interface Sums {
  readonly actions: ActionSums;
  readonly cells: StoredCells;
  readonly bucketCounts: Float64Array;
}

const EVERY_BUCKET = Int32Array.from({ length: BUCKET_LIMIT }, (_, bucket) => bucket);

/** An hour as stored; if the window cuts it, only the part inside the window. */
export type StoredRollup = Pick<RollupRow, "startMs" | "summary" | "cells">;

export function createSums(): Sums {
  return {
    actions: createActionSums(),
    cells: new StoredCells(),
    bucketCounts: new Float64Array(BUCKET_LIMIT),
  };
}

/** Adds a roll-up whose blobs have been opened. */
export function addRollup(sums: Sums, { summary, cells }: Omit<StoredRollup, "startMs">): void {
  if (!addSummary(sums, summary)) addCellsByAction(sums.actions, new StoredCells([cells]).sums());
  sums.cells.add(cells);
}

/** @returns false for a summary in the old format, whose sums by action have to be computed from its cells. */
function addSummary({ actions, bucketCounts }: Omit<Sums, "cells">, summary: Uint8Array): boolean {
  const end = addStoredSketch(sketchOf(summary), EVERY_BUCKET, bucketCounts, 0);
  if (end === summary.length) return false;
  readActions(new VarintReader(summary.subarray(end)), actions);
  return true;
}

type DayRow = StoredHour & { readonly hours: PackedDayRow["hours"] | null };

/** Reads a range of whole hours: their totals, and each hour's figures, from as few stored pieces as possible. */
class HourReader {
  readonly sums: Sums;
  readonly hours: (StoredHour | PackedHours)[] = [];
  readonly damaged = new Set<number>();
  readonly #db: Database;
  readonly #nodeId: number;
  /** Where to read the cells from, if they are asked for. */
  readonly #cells: { readonly tier: number; readonly startMs: number }[] = [];
  readonly #deadline: number;

  constructor(db: Database, nodeId: number, deadline: number) {
    this.#db = db;
    this.#nodeId = nodeId;
    this.#deadline = deadline;
    this.sums = { ...createSums(), cells: new StoredCells([], () => this.#readCells()) };
  }

  /** Reads whole UTC days from their packed hours and the daily tier, and the hours at both ends one by one. */
  read({ sinceMs, untilMs }: Window): void {
    const firstDayMs = Math.ceil(sinceMs / DAY_MS) * DAY_MS;
    const lastDayMs = Math.floor(untilMs / DAY_MS) * DAY_MS;
    if (firstDayMs >= lastDayMs) {
      this.#readHours({ sinceMs, untilMs });
      return;
    }
    this.#readHours({ sinceMs, untilMs: firstDayMs });
    this.#readDays({ sinceMs: firstDayMs, untilMs: lastDayMs });
    this.#readHours({ sinceMs: lastDayMs, untilMs });
  }

  #readDays({ sinceMs, untilMs }: Window): void {
    const days = this.#db
      .query<DayRow, [number, number, number, number]>(
        `SELECT day.start_ms AS startMs, summary, hours FROM rollup AS day
         LEFT JOIN packed_day AS packed ON packed.node_id = day.node_id AND packed.start_ms = day.start_ms
         WHERE day.node_id = ? AND tier = ? AND day.start_ms >= ? AND day.start_ms < ? ORDER BY day.start_ms`,
      )
      .all(this.#nodeId, TIER_DAY, sinceMs, untilMs);
    checkDeadline(this.#deadline);
    for (const { startMs, summary, hours } of days) {
      const day = { sinceMs: startMs, untilMs: startMs + DAY_MS };
      const packed = hours === null ? null : intact(() => unpackHours(startMs, openBlob(hours)));
      // A damaged day is summed from its hours.
      const isAdded = this.#add(TIER_DAY, startMs, summary);
      if (packed !== null && isAdded) this.hours.push(packed);
      else this.#readHours(day, isAdded);
    }
  }

  /** Leaves out damaged hours. @param isAdded whether their day is already in the sums. */
  #readHours({ sinceMs, untilMs }: Window, isAdded = false): void {
    if (sinceMs >= untilMs) return;
    const rows = this.#db
      .query<StoredHour, [number, number, number, number]>(
        "SELECT start_ms AS startMs, summary FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms",
      )
      .all(this.#nodeId, TIER_HOUR, sinceMs, untilMs);
    checkDeadline(this.#deadline);
    for (const row of rows) {
      const { startMs } = row;
      const summary = intact(() => openBlob(row.summary));
      if (summary === null) this.damaged.add(startMs);
      else {
        this.hours.push({ startMs, summary });
        if (!isAdded) this.#add(TIER_HOUR, startMs, row.summary);
      }
    }
  }

  /** Adds a roll-up to the sums; false if it is damaged. */
  #add(tier: number, startMs: number, stored: Uint8Array): boolean {
    const summary = intact(() => openBlob(stored));
    if (summary === null) return false;
    this.#cells.push({ tier, startMs });
    if (addSummary(this.sums, summary)) return true;
    // If the cells of a summary in the old format are damaged, only its sums by action are lost.
    const cells = intact(() => this.#cellsAt(tier, startMs));
    if (cells !== null) addCellsByAction(this.sums.actions, new StoredCells([cells]).sums());
    return true;
  }

  /** @throws DamagedBlob */
  #cellsAt(tier: number, startMs: number): Uint8Array {
    const row = this.#db
      .query<{ cells: Uint8Array }, [number, number, number]>(
        "SELECT cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
      )
      .get(this.#nodeId, tier, startMs);
    if (row === null) throw new DamagedBlob();
    return openBlob(row.cells);
  }

  /** Sums a damaged day from its hours, and leaves out damaged hours. */
  #readCells(): Uint8Array[] {
    return this.#cells.flatMap(({ tier, startMs }) => {
      const cells = intact(() => this.#cellsAt(tier, startMs));
      if (cells !== null) return [cells];
      const hoursMs = tier === TIER_HOUR ? [startMs] : this.#hoursOf(startMs);
      return hoursMs.flatMap((hourMs) => {
        const own = tier === TIER_HOUR ? null : intact(() => this.#cellsAt(TIER_HOUR, hourMs));
        if (own === null) this.damaged.add(hourMs);
        return own ?? [];
      });
    });
  }

  #hoursOf(dayMs: number): number[] {
    return this.#db
      .query<{ startMs: number }, [number, number, number, number]>(
        "SELECT start_ms AS startMs FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ?",
      )
      .all(this.#nodeId, TIER_HOUR, dayMs, dayMs + DAY_MS)
      .map(({ startMs }) => startMs);
  }
}

/**
 * A window's whole hours, and the partial hours at its ends; an end is empty if the window begins or ends on the hour.
 */
export function partsOf({ sinceMs, untilMs }: Window): Readonly<Record<"whole" | "head" | "tail", Window>> {
  const wholeFromMs = Math.ceil(sinceMs / HOUR_MS) * HOUR_MS;
  const wholeUntilMs = Math.max(wholeFromMs, Math.floor(untilMs / HOUR_MS) * HOUR_MS);
  const head = { sinceMs, untilMs: Math.min(wholeFromMs, untilMs) };
  const tail = { sinceMs: Math.max(wholeUntilMs, head.untilMs), untilMs };
  return { whole: { sinceMs: wholeFromMs, untilMs: wholeUntilMs }, head, tail };
}

/** The part of an hour at one end of a window; none if that end is empty or has no lines. Its blobs are opened. */
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

/** The time of a node's newest line in the store, Unix ms. */
export function newestLineOf(db: Database, nodeId: number): number | null {
  const row = db
    .query<{ newestMs: number | null }, [number]>("SELECT newest_ms AS newestMs FROM node WHERE id = ?")
    .get(nodeId);
  return row?.newestMs ?? null;
}

/**
 * Reads one node's figures. Whole hours come from the roll-ups; in an hour that the window cuts, the events are
 * counted. (`--last` never cuts an hour.) The database must stay open and unchanged for as long as `cells` may be read.
 *
 * @param deadline on the clock of performance.now().
 */
export function gatherNode(db: Database, nodeId: number, window: Window, deadline: number): NodeData {
  const { whole, head, tail } = partsOf(window);
  const reader = new HourReader(db, nodeId, deadline);
  const { sums, hours, damaged } = reader;
  const how = { deadline, onDamage: (startMs: number) => void damaged.add(startMs) };
  const first = rollupsOfEnd(db, nodeId, head, how);
  reader.read(whole);
  const last = rollupsOfEnd(db, nodeId, tail, how);
  for (const row of [...first, ...last]) addRollup(sums, row);
  return {
    hours: new HourTable([...first, ...hours, ...last]),
    ...sums,
    snapshot: latestSnapshot(db, nodeId),
    scores: satelliteScores(db, nodeId, window.untilMs),
    newestMs: newestLineOf(db, nodeId),
    get damagedHours() {
      return [...damaged].toSorted((a, b) => a - b);
    },
  };
}
