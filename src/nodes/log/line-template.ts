import type { Fields } from "./fields.ts";
import type { Message } from "./messages.ts";
import type { SatelliteTable } from "./satellite-table.ts";

/** Parts of a line that vary between lines of one layout. */
const PIECE = 0;
const SATELLITE = 1;
const ACTION = 2;
const REMOTE = 3;
const OFFSET = 4;
const SIZE = 5;
const SPACE = 6;
const REASON = 7;

/** A layout, from the byte after the timestamp on: `literals[0] part[0] literals[1] part[1] … literals[n]`. */
interface Template {
  readonly message: Message;
  readonly level: number;
  readonly parts: readonly number[];
  /** Lengths of IDs, which always have the same length; 0 for parts that are read up to their end. */
  readonly lengths: readonly number[];
  /** The length of each literal in bytes. */
  readonly literalLengths: readonly number[];
  /** The words of all literals, one literal after another. */
  readonly words: Float64Array;
  /** Literals that are shorter than a word. */
  readonly shorts: readonly (Uint8Array | null)[];
}

const SLOTS = 64;
/**
 * Layouts that share a slot: with a long logger or a caller, messages differ only after the bytes that choose the slot.
 */
const LAYOUTS_A_SLOT = 4;
const QUOTE = 34;
const NEWLINE = 10;
const BACKSLASH = 92;
/** Bytes of a double, the widest word that JavaScript compares without allocating an object. */
const WORD = 8;
/** A line with fewer bytes after its timestamp cannot be an operation's. */
const SHORTEST = 40;

const NO_BYTES = new Uint8Array(0);

/**
 * The literals as words of eight bytes. The last word of each overlaps the one before it, so that no bytes are left
 * over. They can be compared as doubles: text contains neither the bytes of a NaN nor those of a negative zero.
 */
function packLiterals(
  bytes: Uint8Array,
  ranges: readonly (readonly [start: number, end: number])[],
): Pick<Template, "literalLengths" | "words" | "shorts"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words: number[] = [];
  for (const [start, end] of ranges) {
    const length = end - start;
    for (let offset = 0; length >= WORD && offset < length; offset += WORD) {
      words.push(view.getFloat64(start + Math.min(offset, length - WORD), true));
    }
  }
  return {
    literalLengths: ranges.map(([start, end]) => end - start),
    words: Float64Array.from(words),
    shorts: ranges.map(([start, end]) => (end - start < WORD ? bytes.slice(start, end) : null)),
  };
}

function isSameLayout(one: Template, other: Template): boolean {
  const isSame = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
    a.length === b.length && Array.from(a).every((value, index) => value === b[index]);
  return (
    isSame(one.parts, other.parts) &&
    isSame(one.lengths, other.lengths) &&
    isSame(one.literalLengths, other.literalLengths) &&
    isSame(one.words, other.words) &&
    one.shorts.every((short, index) => isSame(short ?? NO_BYTES, other.shorts[index] ?? NO_BYTES))
  );
}

/**
 * Whether any byte of a word is a quote or smaller, such as a newline (the bit trick that finds bytes less than a
 * value).
 */
function hasQuoteOrLess(word: number): boolean {
  return ((word - 0x23232323) & ~word & 0x80808080) !== 0;
}

/**
 * Whether [start, end) has only letters, digits and the like: bytes with one of two bits that a quote and all smaller
 * bytes lack.
 */
function isPlain(view: DataView, start: number, end: number): boolean {
  let seen = -1;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = view.getInt32(at, true);
    seen &= word | (word >>> 2);
  }
  for (; at < end; at += 1) {
    const byte = view.getUint8(at);
    seen &= (byte | (byte >>> 2)) * 0x01010101;
  }
  return (seen & 0x10101010) === 0x10101010;
}

/** The position of the first byte from `at` on that is not a digit. */
function digitsEnd(bytes: Uint8Array, at: number): number {
  let place = at;
  for (;;) {
    const byte = bytes[place] ?? 0;
    if (byte < 48 || byte > 57) return place;
    place += 1;
  }
}

function readDigits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 10 + ((bytes[at] ?? 0) - 48);
  return value;
}

/**
 * Remembers the layouts of piecestore lines, and reads a line with a known layout without looking at each of its bytes:
 * a handful of layouts make up nearly all of a log. A line that differs in any byte that should be constant is left to
 * the full reader, and its layout is learnt.
 */
export class LineTemplates {
  readonly #satellites: SatelliteTable;
  readonly #slots: Template[][] = Array.from({ length: SLOTS }, () => []);
  /** The message of the line matched last. */
  message: Message | null = null;
  level = 0;
  /** The index of its satellite; 0 if it names none. */
  satellite = 0;

  constructor(satellites: SatelliteTable) {
    this.#satellites = satellites;
  }

  /** Chooses a slot by a few bytes of the level and the message. */
  #slot(view: DataView, at: number): number {
    const mark =
      view.getInt32(at + 1, true) ^
      Math.imul(view.getInt32(at + 20, true), 0x9e3779b1) ^
      view.getInt32(at + 28, true);
    return (Math.imul(mark, 0x85ebca6b) >>> 16) & (SLOTS - 1);
  }

  /**
   * Reads the line from `at` (after its timestamp) into `fields`, no further than `limit`. Returns where the layout
   * ends, or -1 if no known layout fits. The caller must check that the line ends there.
   */
  match(bytes: Uint8Array, view: DataView, at: number, limit: number, fields: Fields): number {
    if (limit - at < SHORTEST) return -1;
    const layouts = this.#slots[this.#slot(view, at)];
    if (layouts === undefined) return -1;
    for (let index = 0; index < layouts.length; index += 1) {
      const template = layouts[index];
      const end = template === undefined ? -1 : this.#matchOne(template, bytes, view, at, limit, fields);
      if (end >= 0) return end;
    }
    return -1;
  }

  #matchOne(
    template: Template,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    limit: number,
    fields: Fields,
  ): number {
    const { parts, lengths, literalLengths, words, shorts } = template;
    fields.pieceEnd = 0;
    fields.actionEnd = 0;
    fields.remoteStart = 0;
    fields.remoteEnd = 0;
    fields.offset = 0;
    fields.size = -1;
    this.satellite = 0;
    let place = at;
    let word = 0;
    for (let index = 0; index <= parts.length; index += 1) {
      const literalLength = literalLengths[index] ?? 0;
      if (place + literalLength > limit) return -1;
      if (literalLength >= WORD) {
        const last = place + literalLength - WORD;
        for (let spot = place; spot < last; spot += WORD) {
          if (view.getFloat64(spot, true) !== words[word]) return -1;
          word += 1;
        }
        if (view.getFloat64(last, true) !== words[word]) return -1;
        word += 1;
      } else {
        const short = shorts[index] ?? NO_BYTES;
        for (let byte = 0; byte < literalLength; byte += 1)
          if (bytes[place + byte] !== short[byte]) return -1;
      }
      place += literalLength;
      if (index === parts.length) break;
      const start = place;
      const length = lengths[index] ?? 0;
      const part = parts[index];
      if (length > 0) {
        place += length;
        if (place > limit || !isPlain(view, start, place)) return -1;
      } else if (part === SATELLITE) {
        this.satellite = this.#satellites.find(view, start, limit);
        if (this.satellite === 0) return -1;
        place = this.#satellites.foundEnd;
        continue;
      } else if (part === OFFSET || part === SIZE || part === SPACE) {
        // Nine digits fit in a machine word. The available space has more, but its value is not used.
        const wordEnd = part === SPACE ? start : Math.min(start + 9, limit);
        let value = 0;
        for (; place < wordEnd; place += 1) {
          const digit = (bytes[place] ?? 0) - 48;
          if (digit < 0 || digit > 9) break;
          value = (value * 10 + digit) | 0;
        }
        if (place === wordEnd) {
          place = digitsEnd(bytes, wordEnd);
          if (part !== SPACE && place > wordEnd) value = readDigits(bytes, start, place);
        }
        // No number, or one too large for a double: the full reader says what is wrong with the line.
        if (place === start || value > Number.MAX_SAFE_INTEGER) return -1;
        if (part === OFFSET) fields.offset = value;
        else if (part === SIZE) fields.size = value;
        continue;
      } else {
        while (place + 4 <= limit && !hasQuoteOrLess(view.getInt32(place, true))) place += 4;
        for (;;) {
          const byte = bytes[place];
          if (byte === QUOTE) break;
          if (place >= limit || byte === NEWLINE) return -1;
          place += 1;
        }
      }
      // The quote after it is escaped, and does not end the string.
      if (bytes[place - 1] === BACKSLASH) return -1;
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
    this.message = template.message;
    this.level = template.level;
    return place;
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
    if (end - at < SHORTEST) return;
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
    const ranges: [number, number][] = [];
    let place = at;
    for (const [start, until] of found) {
      ranges.push([place, start]);
      place = until;
    }
    ranges.push([place, end]);
    const learnt: Template = {
      ...what,
      parts: found.map(([, , part]) => part),
      lengths: found.map(([, , , length]) => length),
      ...packLiterals(bytes, ranges),
    };
    const layouts = this.#slots[this.#slot(view, at)];
    if (layouts === undefined) return;
    // A line that differs only in its satellite has the same layout.
    const kept = layouts.filter((layout) => !isSameLayout(layout, learnt));
    layouts.splice(0, layouts.length, learnt, ...kept.slice(0, LAYOUTS_A_SLOT - 1));
  }
}
