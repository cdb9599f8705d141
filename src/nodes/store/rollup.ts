import { type Events, NO_DURATION } from "../log/events.ts";
import {
  type ActionSums,
  addAction,
  addCellsByAction,
  createActionSums,
  readActions,
  writeActions,
} from "./action-sums.ts";
import { addCells, addStoredCells, cellKey, type CellSums, type SummedCells, sumsAt } from "./cell-sums.ts";
import { Sketch } from "./sketch.ts";
import { VarintReader, VarintWriter } from "./varint.ts";
import { ABANDONED, DAY_MS, KINDS, kindOfAction, LEVELS, sizeClassOf, SUCCESS } from "../log/vocabulary.ts";

/** Roll-ups are kept for hours and for UTC days. */
export const TIER_HOUR = 0;
export const TIER_DAY = 1;

/** The source of an hour's figures, which is never both. */
export const SOURCE_LOG = 0;
export const SOURCE_MONITOR = 1;

export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

const OUTCOME_COUNT = 3;
const KIND_COUNTS = KINDS.length * OUTCOME_COUNT;

/** The summary of an hour or a day: enough for rates, their spread over hours, and latency. */
export interface Summary {
  /** Ended operations, at kind × 3 + outcome. */
  readonly counts: Float64Array;
  /** Piecestore lines by level. */
  readonly levels: Float64Array;
  /** The number of operations with a known duration. */
  timed: number;
  timedMs: number;
  /** Timed operations with times in whole seconds only; they are in no sketch. */
  coarse: number;
  /** Times of the first and last line. */
  firstMs: number;
  lastMs: number;
  readonly sketch: Sketch;
  readonly actions: ActionSums;
}

export interface Rollup {
  readonly summary: Summary;
  readonly cells: SummedCells;
}

function createSummary(): Summary {
  return {
    counts: new Float64Array(KIND_COUNTS),
    levels: new Float64Array(LEVELS.length),
    timed: 0,
    timedMs: 0,
    coarse: 0,
    firstMs: Infinity,
    lastMs: -Infinity,
    sketch: new Sketch(),
    actions: createActionSums(),
  };
}

export function createRollup(): Rollup {
  return { summary: createSummary(), cells: new Map() };
}

/** Keys below this, those of the first 64 satellites, are found by index while events are added. */
const INDEXED_KEYS = 65_536;
let indexed: (CellSums | undefined)[] | null = null;

/** Adds row `row` of `events`; abandoned starts are not operations, and add nothing. */
export function addEvent(to: Rollup, events: Events, row: number): void {
  addEvents(to, events, row, row + 1);
}

/**
 * Adds rows [from, until). A map look-up for each row would take as long as everything else, so there is one for each
 * cell.
 */
export function addEvents(to: Rollup, events: Events, from: number, until: number): void {
  indexed ??= Array.from({ length: INDEXED_KEYS });
  const used: number[] = [];
  const { summary, cells } = to;
  const { counts, successBytes } = summary.actions;
  for (let row = from; row < until; row += 1) {
    const outcome = events.outcome[row] ?? 0;
    if (outcome === ABANDONED) continue;
    const action = events.action[row] ?? 0;
    const size = events.sizeBytes[row] ?? -1;
    const key = cellKey(events.satellite[row] ?? 0, action, outcome, sizeClassOf(size));
    let cell = indexed[key];
    if (cell === undefined) {
      cell = sumsAt(cells, key);
      if (key < INDEXED_KEYS) {
        indexed[key] = cell;
        used.push(key);
      }
    }
    const slot = kindOfAction(action) * OUTCOME_COUNT + outcome;
    summary.counts[slot] = (summary.counts[slot] ?? 0) + 1;
    counts[action] = (counts[action] ?? 0) + 1;
    cell.count += 1;
    if (size > 0) {
      cell.bytes += size;
      if (outcome === SUCCESS) successBytes[action] = (successBytes[action] ?? 0) + size;
    }
    const duration = events.durationMs[row] ?? NO_DURATION;
    if (duration < 0) continue;
    cell.timed += 1;
    cell.timedMs += duration;
    summary.timed += 1;
    summary.timedMs += duration;
    if (events.coarse[row] === 1) {
      cell.coarse += 1;
      summary.coarse += 1;
    } else summary.sketch.add(duration);
  }
  for (const key of used) indexed[key] = undefined;
}

/** Counts a line of the log at `timeMs`: for coverage, and for the level at which the node logs. */
export function addLine(to: Summary, timeMs: number, level: number): void {
  to.levels[level] = (to.levels[level] ?? 0) + 1;
  addTime(to, timeMs);
}

/** The same for the marked rows in [from, until). */
export function addLines(
  to: Summary,
  { timeMs, level }: { readonly timeMs: Float64Array; readonly level: Uint8Array },
  marked: Uint8Array,
  from: number,
  until: number,
): void {
  const { levels } = to;
  let { firstMs, lastMs } = to;
  for (let row = from; row < until; row += 1) {
    if (marked[row] !== 1) continue;
    const own = level[row] ?? 0;
    levels[own] = (levels[own] ?? 0) + 1;
    const time = timeMs[row] ?? 0;
    if (time < firstMs) firstMs = time;
    if (time > lastMs) lastMs = time;
  }
  to.firstMs = firstMs;
  to.lastMs = lastMs;
}

/** The same for something that was not a line of a log. */
export function addTime(to: Summary, timeMs: number): void {
  if (timeMs < to.firstMs) to.firstMs = timeMs;
  if (timeMs > to.lastMs) to.lastMs = timeMs;
}

export function mergeSummary(to: Summary, from: Summary): void {
  for (let index = 0; index < to.counts.length; index += 1) {
    to.counts[index] = (to.counts[index] ?? 0) + (from.counts[index] ?? 0);
  }
  for (let index = 0; index < to.levels.length; index += 1) {
    to.levels[index] = (to.levels[index] ?? 0) + (from.levels[index] ?? 0);
  }
  to.timed += from.timed;
  to.timedMs += from.timedMs;
  to.coarse += from.coarse;
  to.firstMs = Math.min(to.firstMs, from.firstMs);
  to.lastMs = Math.max(to.lastMs, from.lastMs);
  to.sketch.merge(from.sketch);
  for (let action = 0; action < to.actions.counts.length; action += 1) {
    addAction(to.actions, action, from.actions.counts[action] ?? 0, from.actions.successBytes[action] ?? 0);
  }
}

/** Shared by all encoding: its buffer has already grown to the size that roll-ups need. */
const writer = new VarintWriter();

export function encodeSummary(summary: Summary): Uint8Array {
  writer.reset();
  writer.column(summary.counts);
  writer.column(summary.levels);
  writer.unsigned(summary.timed);
  writer.sum(summary.timedMs);
  writer.unsigned(summary.coarse);
  const isEmpty = summary.firstMs > summary.lastMs;
  writer.unsigned(isEmpty ? 0 : 1);
  writer.signed(isEmpty ? 0 : summary.firstMs);
  writer.unsigned(isEmpty ? 0 : summary.lastMs - summary.firstMs);
  summary.sketch.write(writer);
  writeActions(writer, summary.actions);
  return writer.bytes().slice();
}

/** Adds the output of `encodeSummary` to `to`. @returns false for the old format, which has no sums by action. */
function mergeEncodedSummary(to: Summary, bytes: Uint8Array): boolean {
  const reader = new VarintReader(bytes);
  for (let index = 0; index < to.counts.length; index += 1) {
    to.counts[index] = (to.counts[index] ?? 0) + reader.unsigned();
  }
  for (let index = 0; index < to.levels.length; index += 1) {
    to.levels[index] = (to.levels[index] ?? 0) + reader.unsigned();
  }
  to.timed += reader.unsigned();
  to.timedMs += reader.unsigned();
  to.coarse += reader.unsigned();
  const hasLines = reader.unsigned() === 1;
  const firstMs = reader.signed();
  const spanMs = reader.unsigned();
  if (hasLines) {
    to.firstMs = Math.min(to.firstMs, firstMs);
    to.lastMs = Math.max(to.lastMs, firstMs + spanMs);
  }
  to.sketch.mergeFrom(reader);
  if (reader.done) return false;
  readActions(reader, to.actions);
  return true;
}

/** Decodes a stored roll-up. */
export function decodeRollup(stored: { summary: Uint8Array; cells: Uint8Array }): Rollup {
  const rollup = createRollup();
  addStoredRollup(rollup, stored);
  return rollup;
}

function addStoredRollup(to: Rollup, stored: { summary: Uint8Array; cells: Uint8Array }): void {
  if (mergeEncodedSummary(to.summary, stored.summary)) addStoredCells(to.cells, stored.cells);
  else {
    const cells: SummedCells = new Map();
    addStoredCells(cells, stored.cells);
    addCellsByAction(to.summary.actions, cells);
    addCells(to.cells, cells);
  }
}
