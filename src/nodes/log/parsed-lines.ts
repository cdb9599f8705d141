import type { FactType } from "./vocabulary.ts";

/** The most lines in a batch: a quarter of a megabyte of columns. */
export const BATCH_LINES = 8_192;

/** A line that reports something other than an operation; `fields` are those of the log. */
export interface Fact {
  readonly type: FactType;
  readonly timeMs: number;
  readonly satellite: string | null;
  readonly identity: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Parsed lines as columns: there is no object for each line, and a worker can transfer them whole. A row is a line
 * about an operation (started, ended, race lost); the other kinds of line are only counted.
 */
export interface ParsedLines {
  /** Rows in use. */
  count: number;
  /** LINE_STARTED, LINE_ENDED + outcome, LINE_RACE_LOST. */
  readonly what: Uint8Array;
  readonly action: Uint8Array;
  readonly level: Uint8Array;
  /** 1 if the timestamp has whole seconds only. */
  readonly coarse: Uint8Array;
  /** Index in `satellites`; 0 if the line names none. */
  readonly satellite: Uint16Array;
  readonly timeMs: Float64Array;
  /** -1 if the line has no size. */
  readonly sizeBytes: Float64Array;
  /** 48 bits of hash over piece, satellite, action, remote address and offset. */
  readonly keyLow: Uint32Array;
  readonly keyHigh: Uint16Array;
  /** 32 bits of hash over the piece alone, which is all that a race-lost line has. */
  readonly piece: Uint32Array;
  /** Grows over a parser's life; index 0 means none. */
  satellites: readonly string[];
  facts: Fact[];
  lines: number;
  ignored: number;
  malformed: number;
  /** Malformed lines from the logger of operations. If all its lines are malformed, the log's format is unknown. */
  malformedOperations: number;
  /** The first few malformed lines, shortened. */
  malformedSamples: string[];
}

export function createParsedLines(capacity: number = BATCH_LINES): ParsedLines {
  return {
    count: 0,
    what: new Uint8Array(capacity),
    action: new Uint8Array(capacity),
    level: new Uint8Array(capacity),
    coarse: new Uint8Array(capacity),
    satellite: new Uint16Array(capacity),
    timeMs: new Float64Array(capacity),
    sizeBytes: new Float64Array(capacity),
    keyLow: new Uint32Array(capacity),
    keyHigh: new Uint16Array(capacity),
    piece: new Uint32Array(capacity),
    satellites: [""],
    facts: [],
    lines: 0,
    ignored: 0,
    malformed: 0,
    malformedOperations: 0,
    malformedSamples: [],
  };
}

/** Clears the rows and counts, keeping the memory. */
export function clearParsedLines(lines: ParsedLines): void {
  lines.count = 0;
  lines.facts = [];
  lines.lines = 0;
  lines.ignored = 0;
  lines.malformed = 0;
  lines.malformedOperations = 0;
  lines.malformedSamples = [];
}
