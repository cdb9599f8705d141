import { KINDS, LEVELS } from "../log/vocabulary.ts";
import type { StoredSketch } from "./stored-sketch.ts";

/** An hour, or a day, as the store has it. */
export interface StoredHour {
  readonly startMs: number;
  readonly summary: Uint8Array;
}

/** A summary's numbers before its sketch, in the order in which rollup.encodeSummary writes them. */
const OUTCOMES = 3;
const LEVEL_AT = KINDS.length * OUTCOMES;
const TIMED_AT = LEVEL_AT + LEVELS.length;
const TIMED_MS_AT = TIMED_AT + 1;
const COARSE_AT = TIMED_AT + 2;
const HAS_LINES_AT = TIMED_AT + 3;
const FIRST_AT = TIMED_AT + 4;
const SPAN_AT = TIMED_AT + 5;
const NUMBERS = TIMED_AT + 6;

/**
 * Hours of one node in the order of time, as a comparison reads them: columns, and no object for each hour, since a
 * command runs once, mostly before the compiler has warmed up. Sketches stay packed until all are unpacked together.
 */
export class HourTable {
  readonly length: number;
  readonly startMs: Float64Array;
  readonly #rows: readonly StoredHour[];
  /** NUMBERS of each hour. */
  readonly #numbers: Float64Array;
  readonly #sketchStarts: Int32Array;

  /** @throws RangeError where a summary is not what rollup.encodeSummary wrote. */
  constructor(rows: readonly StoredHour[]) {
    const { length } = rows;
    this.length = length;
    this.#rows = rows;
    this.startMs = new Float64Array(length);
    this.#numbers = new Float64Array(length * NUMBERS);
    this.#sketchStarts = new Int32Array(length);
    for (let hour = 0; hour < length; hour += 1) {
      const { startMs = 0, summary = NO_BYTES } = rows[hour] ?? {};
      this.startMs[hour] = startMs;
      this.#sketchStarts[hour] = readNumbers(summary, this.#numbers, hour * NUMBERS);
    }
  }

  /** Ended operations of a kind with an outcome, by hour. */
  counts(kind: number, outcome: number): Float64Array {
    return this.#column(kind * OUTCOMES + outcome);
  }

  /** Ended operations of a kind, by hour. */
  trials(kind: number): Float64Array {
    const first = kind * OUTCOMES;
    const numbers = this.#numbers;
    const column = new Float64Array(this.length);
    for (let hour = 0, at = first; hour < column.length; hour += 1, at += NUMBERS) {
      column[hour] = (numbers[at] ?? 0) + (numbers[at + 1] ?? 0) + (numbers[at + 2] ?? 0);
    }
    return column;
  }

  /** All ended operations, by hour. */
  operations(): Float64Array {
    const sums = new Float64Array(this.length);
    for (let kind = 0; kind < KINDS.length; kind += 1) addColumn(sums, this.trials(kind));
    return sums;
  }

  /** Piecestore lines, by hour. */
  lines(): Float64Array {
    const sums = new Float64Array(this.length);
    for (let level = 0; level < LEVELS.length; level += 1) addColumn(sums, this.#column(LEVEL_AT + level));
    return sums;
  }

  /** Piecestore lines of all hours, by level. */
  linesByLevel(): number[] {
    return LEVELS.map((_, level) => sumOf(this.#column(LEVEL_AT + level)));
  }

  /** Operations with a known duration … */
  timed(): Float64Array {
    return this.#column(TIMED_AT);
  }

  /** … what they took together … */
  timedMs(): Float64Array {
    return this.#column(TIMED_MS_AT);
  }

  /** … and those of them whose log told whole seconds only; they are in no sketch. */
  coarse(): Float64Array {
    return this.#column(COARSE_AT);
  }

  /** The first line's time; Infinity in hours without one. */
  firstMs(): Float64Array {
    const has = this.#column(HAS_LINES_AT);
    const first = this.#column(FIRST_AT);
    for (let hour = 0; hour < first.length; hour += 1) {
      const zigzag = first[hour] ?? 0;
      const ms = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      first[hour] = has[hour] === 1 ? ms : Infinity;
    }
    return first;
  }

  /** The last line's time; -Infinity in hours without one. */
  lastMs(): Float64Array {
    const span = this.#column(SPAN_AT);
    const last = this.firstMs();
    for (let hour = 0; hour < last.length; hour += 1) {
      const firstMs = last[hour] ?? Infinity;
      last[hour] = firstMs === Infinity ? -Infinity : firstMs + (span[hour] ?? 0);
    }
    return last;
  }

  /** Of the durations of an hour's operations. */
  sketch(hour: number): StoredSketch {
    return { bytes: this.#rows[hour]?.summary ?? NO_BYTES, start: this.#sketchStarts[hour] ?? 0 };
  }

  #column(place: number): Float64Array {
    const numbers = this.#numbers;
    const column = new Float64Array(this.length);
    for (let hour = 0, at = place; hour < column.length; hour += 1, at += NUMBERS) {
      column[hour] = numbers[at] ?? 0;
    }
    return column;
  }
}

const NO_BYTES = new Uint8Array(0);
const one = new Float64Array(NUMBERS);

/** Where a summary's sketch is. */
export function sketchOf(summary: Uint8Array): StoredSketch {
  return { bytes: summary, start: readNumbers(summary, one, 0) };
}

/** A summary's piecestore lines, by level. */
export function linesOf(summary: Uint8Array): Float64Array {
  readNumbers(summary, one, 0);
  return one.slice(LEVEL_AT, TIMED_AT);
}

/** Puts a summary's numbers into `to` from `offset` on, and returns where its sketch begins. */
function readNumbers(bytes: Uint8Array, to: Float64Array, offset: number): number {
  let at = 0;
  for (let index = offset; index < offset + NUMBERS; index += 1) {
    let byte = bytes[at++] ?? 0;
    if (byte < 0x80) {
      to[index] = byte;
      continue;
    }
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    to[index] = value;
  }
  if (at > bytes.length) throw new RangeError("Cannot read past the end of a stored summary");
  return at;
}

function addColumn(to: Float64Array, column: Float64Array): void {
  for (let hour = 0; hour < to.length; hour += 1) to[hour] = (to[hour] ?? 0) + (column[hour] ?? 0);
}

/** Over all hours. */
export function sumOf(column: Float64Array): number {
  let sum = 0;
  for (let hour = 0; hour < column.length; hour += 1) sum += column[hour] ?? 0;
  return sum;
}
