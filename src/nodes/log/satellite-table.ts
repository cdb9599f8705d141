import { finish, mixFirst, SEED_FIRST } from "./line-hash.ts";

interface Entry {
  readonly bytes: Uint8Array;
  /** The fifth to eighth bytes of the ID: enough to choose by, since all IDs begin alike. */
  readonly mark: number;
  readonly hash: number;
  /**
   * The whole ID in words of eight bytes; the last one overlaps the one before it. Empty if it is shorter than a word.
   */
  readonly words: Float64Array;
}

/** More satellites than there can be. In a damaged or hostile log, all further names share one entry. */
const MAX_SATELLITES = 1_000;

/** IDs have 49 to 52 characters; anything longer is damage. */
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

/** Satellites by index, found by their bytes without creating a string. Index 0 means none. */
export class SatelliteTable {
  readonly #entries: Entry[] = [];
  names: readonly string[] = [""];

  /** A hash that depends only on the name, not on the order in which names were seen. */
  hashOf(index: number): number {
    return this.#entries[index - 1]?.hash ?? 0;
  }

  /**
   * The index of the satellite at `start`, if it is a known one of at least 8 bytes; its end is put into `foundEnd`. 0:
   * none.
   */
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
      // Words can be compared as doubles: see line-template.ts.
      for (let at = start; at < last && view.getFloat64(at, true) === words[word]; at += WORD) word += 1;
      if (word < words.length - 1 || view.getFloat64(last, true) !== words[word]) continue;
      if (view.getUint8(start + length) !== QUOTE) continue;
      this.foundEnd = start + length;
      return index + 1;
    }
    return 0;
  }

  foundEnd = 0;

  /** The index of the name in [start, end), which has at most MAX_NAME_BYTES bytes. */
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
    // An ID shorter than 8 bytes is not a satellite's; the fast path never finds one.
    this.#entries.push({ bytes, mark, hash: finish(hash), words: wordsOf(bytes) });
    this.names = [...this.names, new TextDecoder().decode(bytes)];
    return this.#entries.length;
  }
}
