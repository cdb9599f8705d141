import { KINDS, LEVELS } from "../log/vocabulary.ts";
import type { PackedHours } from "./packed-hours.ts";
import { BUCKET_LIMIT } from "./sketch.ts";
import { addStoredSketch, type StoredSketch } from "./stored-sketch.ts";
import {
  COARSE_AT,
  FIRST_AT,
  HAS_LINES_AT,
  LEVEL_AT,
  OUTCOMES_A_KIND,
  readSummary,
  SPAN_AT,
  type StoredHour,
  SUMMARY_NUMBERS,
  TIMED_AT,
  TIMED_MS_AT,
} from "./summary-numbers.ts";

/** Hours whose sketches are still packed one by one. */
interface LooseHour {
  readonly type: "loose";
  readonly hour: number;
  readonly sketch: StoredSketch;
}

/** Hours that were packed together, from `hour` on. */
interface PackedPart {
  readonly type: "packed";
  readonly hour: number;
  readonly hours: PackedHours;
}

function isPacked(part: StoredHour | PackedHours): part is PackedHours {
  return "numbers" in part;
}

/**
 * Hours of one node in the order of time, as a comparison reads them: columns, and no object for each hour, since a
 * command runs once, mostly before the compiler has warmed up. Sketches stay packed until all are unpacked together.
 */
export class HourTable {
  readonly length: number;
  readonly startMs: Float64Array;
  /** SUMMARY_NUMBERS of each hour. */
  readonly #numbers: Float64Array;
  readonly #parts: (LooseHour | PackedPart)[] = [];

  /**
   * @param parts single hours, and days of them, in the order of time.
   * @throws RangeError where a summary is not what rollup.encodeSummary wrote.
   */
  constructor(parts: readonly (StoredHour | PackedHours)[]) {
    const length = parts.reduce((sum, part) => sum + (isPacked(part) ? part.length : 1), 0);
    this.length = length;
    this.startMs = new Float64Array(length);
    this.#numbers = new Float64Array(length * SUMMARY_NUMBERS);
    let hour = 0;
    for (const part of parts) {
      if (isPacked(part)) {
        this.startMs.set(part.startMs, hour);
        this.#numbers.set(part.numbers, hour * SUMMARY_NUMBERS);
        this.#parts.push({ type: "packed", hour, hours: part });
        hour += part.length;
      } else {
        const { startMs, summary } = part;
        this.startMs[hour] = startMs;
        const start = readSummary(summary, this.#numbers, hour * SUMMARY_NUMBERS);
        this.#parts.push({ type: "loose", hour, sketch: { bytes: summary, start } });
        hour += 1;
      }
    }
  }

  /** Ended operations of a kind with an outcome, by hour. */
  counts(kind: number, outcome: number): Float64Array {
    return this.#column(kind * OUTCOMES_A_KIND + outcome);
  }

  /** Ended operations of a kind, by hour. */
  trials(kind: number): Float64Array {
    const first = kind * OUTCOMES_A_KIND;
    const numbers = this.#numbers;
    const column = new Float64Array(this.length);
    for (let hour = 0, at = first; hour < column.length; hour += 1, at += SUMMARY_NUMBERS) {
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

  /**
   * How many operations of each hour's sketch lie in the buckets up to each of some: at hour × buckets.length + index.
   *
   * @param buckets in rising order; -1 has none before it.
   */
  upTo(buckets: readonly number[]): Float64Array {
    const width = buckets.length;
    const counts = new Float64Array(this.length * width);
    let columnOf: Int32Array | null = null;
    // Behind the last bucket there is a place that nobody asks for.
    const own = new Float64Array(width + 1);
    for (const part of this.#parts) {
      if (part.type === "packed") takePacked(part, buckets, counts);
      else {
        columnOf ??= columnsOf(buckets);
        own.fill(0);
        addStoredSketch(part.sketch, columnOf, own, 0);
        let sum = 0;
        for (let at = 0; at < width; at += 1) counts[part.hour * width + at] = sum += own[at] ?? 0;
      }
    }
    return counts;
  }

  #column(place: number): Float64Array {
    const numbers = this.#numbers;
    const column = new Float64Array(this.length);
    for (let hour = 0, at = place; hour < column.length; hour += 1, at += SUMMARY_NUMBERS) {
      column[hour] = numbers[at] ?? 0;
    }
    return column;
  }
}

/** For each bucket the first of the given ones that it does not lie behind. */
function columnsOf(buckets: readonly number[]): Int32Array {
  const columnOf = new Int32Array(BUCKET_LIMIT);
  for (let bucket = 0, next = 0; bucket < BUCKET_LIMIT; bucket += 1) {
    while (next < buckets.length && bucket > (buckets[next] ?? 0)) next += 1;
    columnOf[bucket] = next;
  }
  return columnOf;
}

function takePacked({ hour, hours }: PackedPart, buckets: readonly number[], counts: Float64Array): void {
  const { length, firstBucket, upTo } = hours;
  const width = buckets.length;
  for (let column = 0; column < width; column += 1) {
    const row = Math.min((buckets[column] ?? 0) - firstBucket, hours.buckets - 1) * length;
    if (row < 0) continue;
    for (let own = 0, at = hour * width + column; own < length; own += 1, at += width)
      counts[at] = upTo[row + own] ?? 0;
  }
}

const one = new Float64Array(SUMMARY_NUMBERS);

/** Where a summary's sketch is. */
export function sketchOf(summary: Uint8Array): StoredSketch {
  return { bytes: summary, start: readSummary(summary, one, 0) };
}

/** A summary's piecestore lines, by level. */
export function linesOf(summary: Uint8Array): Float64Array {
  readSummary(summary, one, 0);
  return one.slice(LEVEL_AT, TIMED_AT);
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
