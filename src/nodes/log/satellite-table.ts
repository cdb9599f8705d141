import { finish, mixFirst, SEED_FIRST } from "./line-hash.ts";

interface Entry {
  readonly bytes: Uint8Array;
  /** The id's fifth to eighth bytes: enough to choose by, since all ids begin alike. */
  readonly mark: number;
  readonly hash: number;
  /** All of it, in words of eight bytes; the last one overlaps the one before it. Empty where it is shorter. */
  readonly words: Float64Array;
}

/** More names than there can be satellites: the rest of a damaged or hostile log shares one. */
const MAX_SATELLITES = 1_000;

/** Ids have 49 to 52 characters; what is longer is damage. */
export const MAX_NAME_BYTES = 64;

const WORD = 8;
const QUOTE = 34;

function wordsOf(bytes: Uint8Array): Float64Array {
  const { length } = bytes;
  if (length < WORD) return new Float64Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: Math.ceil(length / WORD) }, (_, index) =>
    view.getFloat64(Math.min(index * WORD, length - WORD), true),
  );
}

/** Satellites by index, found by their bytes without making a string. Index 0 stands for none. */
export class SatelliteTable {
  readonly #entries: Entry[] = [];
  names: readonly string[] = [""];

  /** A hash that depends on the name alone, not on the order of first sight. */
  hashOf(index: number): number {
    return this.#entries[index - 1]?.hash ?? 0;
  }

  /** The satellite that stands at `start`, if it is a known one of at least 8 bytes; its end in `foundEnd`. 0: none. */
  find(view: DataView, start: number, end: number): number {
    if (start + MAX_NAME_BYTES >= end) return 0;
    const mark = view.getInt32(start + 4, true);
    const entries = this.#entries;
    for (let index = 0; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry === undefined || entry.mark !== mark) continue;
      const { words } = entry;
      const { length } = entry.bytes;
      const last = start + length - WORD;
      let word = 0;
      // As doubles they are equal where their bytes are: see line-template.ts.
      for (let at = start; at < last && view.getFloat64(at, true) === words[word]; at += WORD) word += 1;
      if (word < words.length - 1 || view.getFloat64(last, true) !== words[word]) continue;
      if (view.getUint8(start + length) !== QUOTE) continue;
      this.foundEnd = start + length;
      return index + 1;
    }
    return 0;
  }

  foundEnd = 0;

  /** The index of the name in [start, end), which is at most MAX_NAME_BYTES long. */
  indexOf(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const length = end - start;
    const mark = length >= 8 ? view.getInt32(start + 4, true) : Number.NaN;
    const entries = this.#entries;
    for (let index = 0; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry === undefined || entry.bytes.length !== length || (length >= 8 && entry.mark !== mark))
        continue;
      let at = 0;
      while (at < length && entry.bytes[at] === bytes[start + at]) at += 1;
      if (at === length) return index + 1;
    }
    return this.#add(bytes.slice(start, end), mark);
  }

  #add(bytes: Uint8Array, mark: number): number {
    if (this.#entries.length >= MAX_SATELLITES) return 0;
    let hash = SEED_FIRST;
    for (const byte of bytes) hash = mixFirst(hash, byte);
    // Ids shorter than 8 bytes are no satellite's; the fast way never finds them.
    this.#entries.push({ bytes, mark, hash: finish(hash), words: wordsOf(bytes) });
    this.names = [...this.names, new TextDecoder().decode(bytes)];
    return this.#entries.length;
  }
}
