import { finish, mixFirst, SEED_FIRST } from "./line-hash.ts";

interface Entry {
  readonly bytes: Uint8Array;
  /** The id's fifth to eighth bytes: enough to choose by, since all ids begin alike. */
  readonly mark: number;
  readonly hash: number;
  /** Words at its middle and its end. */
  readonly middle: number;
  readonly last: number;
}

/** More names than there can be satellites: the rest of a damaged or hostile log shares one. */
const MAX_SATELLITES = 1_000;

/** Ids have 49 to 52 characters; what is longer is damage. */
export const MAX_NAME_BYTES = 64;

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
      // 96 of its bits, its length and the closing quote: as sure as any hash.
      const { length } = entry.bytes;
      if (view.getInt32(start + (length >> 1), true) !== entry.middle) continue;
      if (view.getInt32(start + length - 4, true) !== entry.last || view.getUint8(start + length) !== 34)
        continue;
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
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // Ids shorter than 8 bytes are no satellite's; the fast way never finds them.
    const isLong = bytes.length >= 8;
    const middle = isLong ? view.getInt32(bytes.length >> 1, true) : 0;
    const last = isLong ? view.getInt32(bytes.length - 4, true) : 0;
    this.#entries.push({ bytes, mark: isLong ? mark : Number.NaN, hash: finish(hash), middle, last });
    this.names = [...this.names, new TextDecoder().decode(bytes)];
    return this.#entries.length;
  }
}
