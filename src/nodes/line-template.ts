import type { Fields } from "./fields.ts";
import type { Message } from "./messages.ts";
import type { SatelliteTable } from "./satellite-table.ts";

/** Parts of a line that vary from line to line of one layout. */
const PIECE = 0;
const SATELLITE = 1;
const ACTION = 2;
const REMOTE = 3;
const OFFSET = 4;
const SIZE = 5;
const SPACE = 6;
const REASON = 7;

/** Text that stands between two varying parts, as words and what is left over. */
interface Literal {
  readonly words: Int32Array;
  readonly rest: Uint8Array;
  readonly length: number;
}

/** A layout: `literals[0] part[0] literals[1] part[1] … literals[n]`, from the byte after the timestamp on. */
interface Template {
  readonly message: Message;
  readonly level: number;
  readonly parts: readonly number[];
  /** Of ids, which are all of one length; 0 for parts that are read up to their end. */
  readonly lengths: readonly number[];
  readonly literals: readonly Literal[];
}

const SLOTS = 64;
const QUOTE = 34;
const BACKSLASH = 92;

function literalOf(bytes: Uint8Array, start: number, end: number): Literal {
  const length = end - start;
  const words = new Int32Array(length >> 2);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < words.length; index += 1) words[index] = view.getInt32(start + index * 4, true);
  return { words, rest: bytes.slice(start + words.length * 4, end), length };
}

/** Whether any byte of a word is a quote: the classic zero-byte test on the word xor `""""`. */
function hasQuote(word: number): boolean {
  const zeroed = word ^ 0x22222222;
  return ((zeroed - 0x01010101) & ~zeroed & 0x80808080) !== 0;
}

/**
 * Remembers how lines of the piecestore were laid out, and reads a line that is laid out like one before without
 * looking at each of its bytes: only a handful of layouts make up nearly all of a log. A line that differs in any
 * byte of what should be constant is left to the full reader, and its layout is learnt.
 */
export class LineTemplates {
  readonly #satellites: SatelliteTable;
  readonly #slots: (Template | undefined)[] = Array.from({ length: SLOTS });
  /** Of the line matched last. */
  message: Message | null = null;
  level = 0;
  /** Index of its satellite; 0 where it names none. */
  satellite = 0;

  constructor(satellites: SatelliteTable) {
    this.#satellites = satellites;
  }

  /** A place in the table by a few bytes of the level and the message. */
  #slot(view: DataView, at: number): number {
    const mark =
      view.getInt32(at + 1, true) ^
      Math.imul(view.getInt32(at + 20, true), 0x9e3779b1) ^
      view.getInt32(at + 28, true);
    return (Math.imul(mark, 0x85ebca6b) >>> 16) & (SLOTS - 1);
  }

  /** Reads the line from `at` (after its timestamp) to `end` into `fields`; false where no known layout fits. */
  match(bytes: Uint8Array, view: DataView, at: number, end: number, fields: Fields): boolean {
    if (end - at < 40) return false;
    const template = this.#slots[this.#slot(view, at)];
    if (template === undefined) return false;
    const { parts, lengths, literals } = template;
    fields.pieceEnd = 0;
    fields.actionEnd = 0;
    fields.remoteStart = 0;
    fields.remoteEnd = 0;
    fields.offset = 0;
    fields.size = -1;
    this.satellite = 0;
    let place = at;
    for (let index = 0; index < literals.length; index += 1) {
      const literal = literals[index];
      if (literal === undefined || place + literal.length > end) return false;
      const { words, rest } = literal;
      for (let word = 0; word < words.length; word += 1) {
        if (view.getInt32(place, true) !== words[word]) return false;
        place += 4;
      }
      for (let byte = 0; byte < rest.length; byte += 1) {
        if (bytes[place] !== rest[byte]) return false;
        place += 1;
      }
      if (index === parts.length) break;
      const start = place;
      const length = lengths[index] ?? 0;
      const part = parts[index];
      if (length > 0) {
        place += length;
        if (place > end) return false;
        for (let word = start; word + 4 <= place; word += 4)
          if (hasQuote(view.getInt32(word, true))) return false;
      } else if (part === SATELLITE) {
        this.satellite = this.#satellites.find(view, start, end);
        if (this.satellite === 0) return false;
        place = this.#satellites.foundEnd;
        continue;
      } else if (part === OFFSET || part === SIZE || part === SPACE) {
        let value = 0;
        for (;;) {
          const digit = (bytes[place] ?? 0) - 48;
          if (digit < 0 || digit > 9) break;
          value = value * 10 + digit;
          place += 1;
        }
        if (place === start) return false;
        if (part === OFFSET) fields.offset = value;
        else if (part === SIZE) fields.size = value;
        continue;
      } else {
        for (;;) {
          const byte = bytes[place];
          if (byte === QUOTE) break;
          if (byte === BACKSLASH || place >= end) return false;
          place += 1;
        }
      }
      if (part === PIECE) {
        fields.pieceStart = start;
        fields.pieceEnd = place;
      } else if (part === ACTION) {
        fields.actionStart = start;
        fields.actionEnd = place;
      } else if (part === REMOTE) {
        fields.remoteStart = start;
        fields.remoteEnd = place;
      }
    }
    if (place !== end) return false;
    this.message = template.message;
    this.level = template.level;
    return true;
  }

  /** Learns the layout of a line that the full reader has read into `fields`. */
  learn(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    fields: Fields,
    what: { message: Message; level: number },
  ): void {
    if (end - at < 40) return;
    const found: [start: number, end: number, part: number, length: number][] = [];
    const note = (start: number, until: number, part: number, isId: boolean): void => {
      if (until > 0) found.push([start, until, part, isId ? until - start : 0]);
    };
    note(fields.pieceStart, fields.pieceEnd, PIECE, true);
    note(fields.satelliteStart, fields.satelliteEnd, SATELLITE, false);
    note(fields.actionStart, fields.actionEnd, ACTION, false);
    note(fields.remoteStart, fields.remoteEnd, REMOTE, false);
    note(fields.offsetStart, fields.offsetEnd, OFFSET, false);
    note(fields.sizeStart, fields.sizeEnd, SIZE, false);
    note(fields.spaceStart, fields.spaceEnd, SPACE, false);
    note(fields.reasonStart, fields.reasonEnd, REASON, false);
    found.sort((a, b) => a[0] - b[0]);
    const literals: Literal[] = [];
    let place = at;
    for (const [start, until] of found) {
      literals.push(literalOf(bytes, place, start));
      place = until;
    }
    literals.push(literalOf(bytes, place, end));
    this.#slots[this.#slot(view, at)] = {
      ...what,
      parts: found.map(([, , part]) => part),
      lengths: found.map(([, , , length]) => length),
      literals,
    };
  }
}
