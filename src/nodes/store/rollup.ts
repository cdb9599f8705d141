import { type Events, NO_DURATION } from "../log/events.ts";
import { Sketch } from "./sketch.ts";
import { VarintReader, VarintWriter } from "./varint.ts";
import { ABANDONED, KINDS, kindOfAction, LEVELS, sizeClassOf } from "../log/vocabulary.ts";

const OUTCOME_COUNT = 3;
export const KIND_COUNTS = KINDS.length * OUTCOME_COUNT;

/** What an hour or a day tells at a glance: enough for rates, their spread over hours, and the latency. */
export interface Summary {
  /** Ended operations, at kind × 3 + outcome. */
  readonly counts: Float64Array;
  /** Piecestore lines by level. */
  readonly levels: Float64Array;
  /** Of operations with a known duration. */
  timed: number;
  timedMs: number;
  /** Timed operations whose log told whole seconds only; they are in no sketch. */
  coarse: number;
  /** First and last line. */
  firstMs: number;
  lastMs: number;
  readonly sketch: Sketch;
}

/** One group of operations: satellite × action × outcome × size class. */
export interface CellSums {
  count: number;
  bytes: number;
  timed: number;
  timedMs: number;
  coarse: number;
}

interface Cell extends CellSums {
  readonly sketch: Sketch;
}

/** A cell's key, packed: satellite × 1024 + action × 64 + outcome × 16 + size class. */
function cellKey(satellite: number, action: number, outcome: number, sizeClass: number): number {
  return satellite * 1024 + action * 64 + outcome * 16 + sizeClass;
}

export function cellParts(key: number): {
  satellite: number;
  action: number;
  outcome: number;
  sizeClass: number;
} {
  return { satellite: key >> 10, action: (key >> 6) & 15, outcome: (key >> 4) & 3, sizeClass: key & 15 };
}

export type Cells = Map<number, Cell>;

export interface Rollup {
  readonly summary: Summary;
  readonly cells: Cells;
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
  };
}

export function createRollup(): Rollup {
  return { summary: createSummary(), cells: new Map() };
}

function createCell(): Cell {
  return { count: 0, bytes: 0, timed: 0, timedMs: 0, coarse: 0, sketch: new Sketch() };
}

/** Adds row `row` of `events`; abandoned starts are no operations and add nothing. End with `finishRollup`. */
export function addEvent(to: Rollup, events: Events, row: number): void {
  const outcome = events.outcome[row] ?? 0;
  if (outcome === ABANDONED) return;
  const { summary, cells } = to;
  const action = events.action[row] ?? 0;
  const size = events.sizeBytes[row] ?? -1;
  const key = cellKey(events.satellite[row] ?? 0, action, outcome, sizeClassOf(size));
  let cell = cells.get(key);
  if (cell === undefined) cells.set(key, (cell = createCell()));
  const slot = kindOfAction(action) * OUTCOME_COUNT + outcome;
  summary.counts[slot] = (summary.counts[slot] ?? 0) + 1;
  cell.count += 1;
  if (size > 0) cell.bytes += size;
  const duration = events.durationMs[row] ?? NO_DURATION;
  if (duration < 0) return;
  cell.timed += 1;
  cell.timedMs += duration;
  summary.timed += 1;
  summary.timedMs += duration;
  if (events.coarse[row] === 1) {
    cell.coarse += 1;
    summary.coarse += 1;
  } else cell.sketch.add(duration);
}

/** Brings the summary's sketch up to its cells': done once for all events rather than for each. */
export function finishRollup(rollup: Rollup): void {
  for (const cell of rollup.cells.values()) rollup.summary.sketch.merge(cell.sketch);
}

/** Notes a line of the log at `timeMs`: what the data covers, and at what level the node logs. */
export function addLine(to: Summary, timeMs: number, level: number): void {
  to.levels[level] = (to.levels[level] ?? 0) + 1;
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
}

export function mergeCells(to: Cells, from: Cells): void {
  for (const [key, cell] of from) {
    let into = to.get(key);
    if (into === undefined) to.set(key, (into = createCell()));
    into.count += cell.count;
    into.bytes += cell.bytes;
    into.timed += cell.timed;
    into.timedMs += cell.timedMs;
    into.coarse += cell.coarse;
    into.sketch.merge(cell.sketch);
  }
}

/** One for all that is encoded: it has grown to what a roll-up needs. */
const writer = new VarintWriter();

/** Sums of sizes or durations that damaged lines made larger than any number that can be kept stay at the largest. */
function writeSum(sum: number): void {
  writer.unsigned(Math.min(sum, Number.MAX_SAFE_INTEGER));
}

export function encodeSummary(summary: Summary): Uint8Array {
  writer.reset();
  for (const count of summary.counts) writer.unsigned(count);
  for (const count of summary.levels) writer.unsigned(count);
  writer.unsigned(summary.timed);
  writeSum(summary.timedMs);
  writer.unsigned(summary.coarse);
  const isEmpty = summary.firstMs > summary.lastMs;
  writer.unsigned(isEmpty ? 0 : 1);
  writer.signed(isEmpty ? 0 : summary.firstMs);
  writer.unsigned(isEmpty ? 0 : summary.lastMs - summary.firstMs);
  summary.sketch.write(writer);
  return writer.bytes().slice();
}

/** Adds what `encodeSummary` wrote to `to`. */
export function mergeEncodedSummary(to: Summary, bytes: Uint8Array): void {
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
}

/** The numbers of all cells, then their sketches in the same order: who needs no latencies reads no sketch. */
export function encodeCells(cells: Cells): Uint8Array {
  writer.reset();
  const ordered = [...cells].toSorted(([a], [b]) => a - b);
  writer.unsigned(ordered.length);
  for (const [key, cell] of ordered) {
    writer.unsigned(key);
    writer.unsigned(cell.count);
    writeSum(cell.bytes);
    writer.unsigned(cell.timed);
    writeSum(cell.timedMs);
    writer.unsigned(cell.coarse);
  }
  for (const [, cell] of ordered) cell.sketch.write(writer);
  return writer.bytes().slice();
}

/** Adds what `encodeCells` wrote to `to`; with `sketch: false` all but the latencies. */
export function mergeEncodedCells(to: Cells, bytes: Uint8Array, how: { sketch: boolean }): void {
  const reader = new VarintReader(bytes);
  const merged: Cell[] = [];
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    const key = reader.unsigned();
    let cell = to.get(key);
    if (cell === undefined) to.set(key, (cell = createCell()));
    cell.count += reader.unsigned();
    cell.bytes += reader.unsigned();
    cell.timed += reader.unsigned();
    cell.timedMs += reader.unsigned();
    cell.coarse += reader.unsigned();
    merged.push(cell);
  }
  if (how.sketch) for (const cell of merged) cell.sketch.mergeFrom(reader);
}
