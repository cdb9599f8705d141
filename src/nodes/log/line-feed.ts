import { BATCH_LINES, type ParsedLines } from "./parsed-lines.ts";
import type { LineParser } from "./parse.ts";

/** The longest line that is buffered. A longer one is counted as malformed, and reading goes on. */
const MAX_LINE_BYTES = 1_048_576;
const NEWLINE = 10;
/**
 * Readers of an object or a docker prefix may look a few bytes past a line's end; these bytes must exist, and never
 * match.
 */
const PADDING = 64;

/** Cuts a stream of bytes into lines and parses them, in one buffer that never grows. */
export class LineFeed {
  readonly buffer = new Uint8Array(MAX_LINE_BYTES + PADDING);
  readonly #parser: LineParser;
  /** Bytes [start, filled) have not been parsed yet. */
  #start = 0;
  #filled = 0;
  /** The beginning of a line that is too long, and how many of its bytes were skipped. */
  #overlong: string | null = null;
  #overlongBytes = 0;
  /** Bytes of whole lines parsed so far in the stream. */
  consumedBytes = 0;

  constructor(parser: LineParser) {
    this.#parser = parser;
  }

  /** Starts a new stream in the same memory. */
  restart(): void {
    this.#start = 0;
    this.#filled = 0;
    this.#overlong = null;
    this.#overlongBytes = 0;
    this.consumedBytes = 0;
  }

  /** Where the next bytes go. After writing `count` of them, call `filled(count)`. Never empty. */
  room(): Uint8Array {
    if (this.#start > 0) {
      this.buffer.copyWithin(0, this.#start, this.#filled);
      this.#filled -= this.#start;
      this.#start = 0;
    }
    return this.buffer.subarray(this.#filled, MAX_LINE_BYTES);
  }

  filled(count: number): void {
    this.#filled += count;
  }

  /**
   * Parses whole lines. True if `into` is full; false if there are no more whole lines, or if the next line begins at
   * `limitBytes` of the stream or later.
   */
  parse(into: ParsedLines, limitBytes = Infinity): boolean {
    const bytes = Buffer.from(this.buffer.buffer, 0, this.#filled);
    const parser = this.#parser;
    parser.setBuffer(this.buffer);
    while (into.lines < BATCH_LINES) {
      if (this.consumedBytes >= limitBytes) return false;
      const start = this.#start;
      const known = this.#overlong === null ? parser.parseLaidOut(start, this.#filled, into) : -1;
      if (known >= 0) {
        this.consumedBytes += known + 1 - start;
        this.#start = known + 1;
        continue;
      }
      const end = bytes.indexOf(NEWLINE, start);
      if (end < 0) {
        if (this.#filled - this.#start >= MAX_LINE_BYTES) this.#stepOver();
        return false;
      }
      if (this.#overlong !== null) this.#endOverlong(this.#overlong, into);
      else parser.parseLine(this.#start, end, into);
      this.consumedBytes += end + 1 - this.#start;
      this.#start = end + 1;
    }
    return true;
  }

  /** Parses the bytes after the last newline without counting them as consumed: the line may still grow. */
  parseRest(into: ParsedLines): void {
    if (this.#overlong !== null) this.#parser.countOverlong(this.#overlong, into);
    else if (this.#filled > this.#start) {
      this.buffer[this.#filled] = NEWLINE;
      this.#parser.setBuffer(this.buffer);
      this.#parser.parseLine(this.#start, this.#filled, into);
    }
    this.#start = this.#filled;
  }

  #stepOver(): void {
    this.#overlong ??= Buffer.from(this.buffer.subarray(this.#start, this.#start + 200)).toString("utf8");
    this.#overlongBytes += this.#filled - this.#start;
    this.#start = this.#filled;
  }

  #endOverlong(beginning: string, into: ParsedLines): void {
    this.#parser.countOverlong(beginning, into);
    this.consumedBytes += this.#overlongBytes;
    this.#overlong = null;
    this.#overlongBytes = 0;
  }
}
