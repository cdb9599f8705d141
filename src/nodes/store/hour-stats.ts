import type { Summary } from "./rollup.ts";
import { KIND_COUNTS } from "./rollup.ts";
import type { StoredSketch } from "./stored-sketch.ts";
import { VarintReader, VarintWriter } from "./varint.ts";
import { LEVELS } from "../log/vocabulary.ts";

/** One hour of a node, as the comparison reads it: its sketch stays packed until all hours' are unpacked together. */
export interface HourStats {
  readonly startMs: number;
  /** Kind × 3 + outcome. */
  readonly counts: readonly number[];
  readonly levels: readonly number[];
  readonly timed: number;
  readonly timedMs: number;
  readonly coarse: number;
  /** Infinity and -Infinity where the hour has no line. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly sketch: StoredSketch;
}

function readCounts(reader: VarintReader, length: number): number[] {
  const counts: number[] = [];
  for (let index = 0; index < length; index += 1) counts.push(reader.unsigned());
  return counts;
}

/** Reads what rollup.encodeSummary wrote. */
export function readHourStats(startMs: number, bytes: Uint8Array): HourStats {
  const reader = new VarintReader(bytes);
  const counts = readCounts(reader, KIND_COUNTS);
  const levels = readCounts(reader, LEVELS.length);
  const timed = reader.unsigned();
  const timedMs = reader.unsigned();
  const coarse = reader.unsigned();
  const hasLines = reader.unsigned() === 1;
  const firstMs = reader.signed();
  const lastMs = firstMs + reader.unsigned();
  return {
    startMs,
    counts,
    levels,
    timed,
    timedMs,
    coarse,
    firstMs: hasLines ? firstMs : Infinity,
    lastMs: hasLines ? lastMs : -Infinity,
    sketch: { bytes, start: reader.position },
  };
}

export function hourStatsOf(startMs: number, summary: Summary): HourStats {
  const writer = new VarintWriter();
  summary.sketch.write(writer);
  return {
    startMs,
    counts: [...summary.counts],
    levels: [...summary.levels],
    timed: summary.timed,
    timedMs: summary.timedMs,
    coarse: summary.coarse,
    firstMs: summary.firstMs,
    lastMs: summary.lastMs,
    sketch: { bytes: writer.bytes(), start: 0 },
  };
}
