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

/** Hours whose sketches are packed separately. */
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

/** If more than this share of operations was timed in whole seconds, the log has no milliseconds. */
const MAX_COARSE_SHARE = 0.01;

/**
 * Hours of one node in order of time, as needed for a comparison. They are columns rather than an object for each hour,
 * since a command runs once, mostly before the compiler has warmed up. Sketches stay packed until all are unpacked
 * together. The returned columns belong to the table: copy one before changing it.
 */
export class HourTable {
  readonly length: number;
  readonly startMs: Float64Array;
  /** The columns, one after another. */
  readonly #columns: Float64Array;
  /** The sum of each column. */
  readonly #sums = new Float64Array(SUMMARY_NUMBERS);
  readonly #parts: (LooseHour | PackedPart)[] = [];
  /** Cached, by kind, and for all kinds together. */
  readonly #trials: Float64Array[] = [];
  #operations: Float64Array | null = null;

  /**
   * @param parts single hours, and packed days, in order of time.
   * @throws RangeError if a summary was not written by rollup.encodeSummary.
   */
  constructor(parts: readonly (StoredHour | PackedHours)[]) {
    const length = parts.reduce((sum, part) => sum + (isPacked(part) ? part.length : 1), 0);
    this.length = length;
    this.startMs = new Float64Array(length);
    this.#columns = new Float64Array(length * SUMMARY_NUMBERS);
    const own = new Float64Array(SUMMARY_NUMBERS);
    let hour = 0;
    for (const part of parts) {
      if (isPacked(part)) {
        this.startMs.set(part.startMs, hour);
        this.#addHours(hour, part.numbers, part.length);
        this.#parts.push({ type: "packed", hour, hours: part });
        hour += part.length;
      } else {
        const { startMs, summary } = part;
        this.startMs[hour] = startMs;
        const start = readSummary(summary, own, 0);
        this.#addHours(hour, own, 1);
        this.#parts.push({ type: "loose", hour, sketch: { bytes: summary, start } });
        hour += 1;
      }
    }
  }

  /** Puts `count` hours of SUMMARY_NUMBERS each into the columns from `hour` on, and adds them to the sums. */
  #addHours(hour: number, numbers: Float64Array, count: number): void {
    const { length } = this;
    const columns = this.#columns;
    const sums = this.#sums;
    for (let place = 0; place < SUMMARY_NUMBERS; place += 1) {
      let sum = 0;
      let from = place;
      const end = place * length + hour + count;
      for (let to = end - count; to < end; to += 1) {
        const value = numbers[from] ?? 0;
        columns[to] = value;
        sum += value;
        from += SUMMARY_NUMBERS;
      }
      sums[place] = (sums[place] ?? 0) + sum;
    }
  }

  /** Ended operations of a kind with an outcome, by hour … */
  counts(kind: number, outcome: number): Float64Array {
    return this.#column(kind * OUTCOMES_A_KIND + outcome);
  }

  /** … and over all hours. */
  countsTotal(kind: number, outcome: number): number {
    return this.#sums[kind * OUTCOMES_A_KIND + outcome] ?? 0;
  }

  /** Ended operations of a kind, by hour … */
  trials(kind: number): Float64Array {
    return (this.#trials[kind] ??= this.#trialsAnew(kind));
  }

  /** … and over all hours. */
  trialsTotal(kind: number): number {
    return this.countsTotal(kind, 0) + this.countsTotal(kind, 1) + this.countsTotal(kind, 2);
  }

  /** All ended operations, by hour. */
  operations(): Float64Array {
    this.#operations ??= this.#operationsAnew();
    return this.#operations;
  }

  /** Piecestore lines, by hour. */
  lines(): Float64Array {
    const sums = new Float64Array(this.length);
    for (let level = 0; level < LEVELS.length; level += 1) this.#addTo(sums, LEVEL_AT + level);
    return sums;
  }

  /** Piecestore lines of all hours, by level. */
  linesByLevel(): Float64Array {
    return this.#sums.subarray(LEVEL_AT, TIMED_AT);
  }

  /** Operations with a known duration … */
  timed(): Float64Array {
    return this.#column(TIMED_AT);
  }

  timedTotal(): number {
    return this.#sums[TIMED_AT] ?? 0;
  }

  /** … their total duration … */
  timedMs(): Float64Array {
    return this.#column(TIMED_MS_AT);
  }

  timedMsTotal(): number {
    return this.#sums[TIMED_MS_AT] ?? 0;
  }

  /** … and how many of them, over all hours, have times in whole seconds only; those are in no sketch. */
  coarseTotal(): number {
    return this.#sums[COARSE_AT] ?? 0;
  }

  /** The resolution of the log's durations: 1 or 1000 ms; null if no operation was timed. */
  resolutionMs(): 1 | 1000 | null {
    if (this.timedTotal() === 0) return null;
    return this.coarseTotal() <= this.timedTotal() * MAX_COARSE_SHARE ? 1 : 1000;
  }

  /** The first line's time; Infinity in hours without one. */
  firstMs(): Float64Array {
    const has = this.#column(HAS_LINES_AT);
    const first = this.#column(FIRST_AT).slice();
    for (let hour = 0; hour < first.length; hour += 1) {
      const zigzag = first[hour] ?? 0;
      const ms = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      first[hour] = has[hour] === 1 ? ms : Infinity;
    }
    return first;
  }

  /** The last line's time; -Infinity in hours without one. */
  lastMs(first = this.firstMs()): Float64Array {
    const span = this.#column(SPAN_AT);
    const last = new Float64Array(this.length);
    for (let hour = 0; hour < last.length; hour += 1) {
      const firstMs = first[hour] ?? Infinity;
      last[hour] = firstMs === Infinity ? -Infinity : firstMs + (span[hour] ?? 0);
    }
    return last;
  }

  /**
   * For each hour, the number of operations in its sketch up to and including each given bucket, at hour ×
   * buckets.length + index.
   *
   * @param buckets in rising order; -1 counts nothing.
   */
  upTo(buckets: readonly number[]): Float64Array {
    const width = buckets.length;
    const counts = new Float64Array(this.length * width);
    let columnOf: Int32Array | null = null;
    // The place after the last bucket collects the rest, and is not used.
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

  #trialsAnew(kind: number): Float64Array {
    const [first, second, third] = [this.counts(kind, 0), this.counts(kind, 1), this.counts(kind, 2)];
    const column = new Float64Array(this.length);
    for (let hour = 0; hour < column.length; hour += 1) {
      column[hour] = (first[hour] ?? 0) + (second[hour] ?? 0) + (third[hour] ?? 0);
    }
    return column;
  }

  #operationsAnew(): Float64Array {
    const sums = new Float64Array(this.length);
    for (let kind = 0; kind < KINDS.length; kind += 1) {
      if (this.trialsTotal(kind) === 0) continue;
      const trials = this.trials(kind);
      for (let hour = 0; hour < sums.length; hour += 1) sums[hour] = (sums[hour] ?? 0) + (trials[hour] ?? 0);
    }
    return sums;
  }

  #column(place: number): Float64Array {
    return this.#columns.subarray(place * this.length, (place + 1) * this.length);
  }

  /** Adds a column to `sums`. Columns of zeros, as most levels' are, are skipped. */
  #addTo(sums: Float64Array, place: number): void {
    if (this.#sums[place] === 0) return;
    const column = this.#column(place);
    for (let hour = 0; hour < sums.length; hour += 1) sums[hour] = (sums[hour] ?? 0) + (column[hour] ?? 0);
  }
}

/** For each bucket, the index of the first given bucket that is not below it. */
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

/** The position of a summary's sketch. */
export function sketchOf(summary: Uint8Array): StoredSketch {
  return { bytes: summary, start: readSummary(summary, one, 0) };
}

/** A summary's piecestore lines, by level. */
export function linesOf(summary: Uint8Array): Float64Array {
  readSummary(summary, one, 0);
  return one.slice(LEVEL_AT, TIMED_AT);
}

/** The sum over all hours. */
export function sumOf(column: Float64Array): number {
  let sum = 0;
  for (let hour = 0; hour < column.length; hour += 1) sum += column[hour] ?? 0;
  return sum;
}
