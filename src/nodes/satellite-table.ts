import { finish, mixFirst, SEED_FIRST } from "./hash.ts";

interface Entry {
  readonly bytes: Uint8Array;
  /** The id's fifth to eighth bytes: enough to choose by, since all ids begin alike. */
  readonly mark: number;
  readonly hash: number;
}

/** More names than there can be satellites: the rest of a damaged or hostile log shares one. */
const MAX_SATELLITES = 1_000;

/** Satellites by index, found by their bytes without making a string. Index 0 stands for none. */
export class SatelliteTable {
  readonly #entries: Entry[] = [];
  names: readonly string[] = [""];

  /** A hash that depends on the name alone, not on the order of first sight. */
  hashOf(index: number): number {
    return this.#entries[index - 1]?.hash ?? 0;
  }

  indexOf(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const length = end - start;
    const mark = length >= 8 ? view.getInt32(start + 4, true) : length;
    const entries = this.#entries;
    for (let index = 0; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry === undefined || entry.mark !== mark || entry.bytes.length !== length) continue;
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
    this.#entries.push({ bytes, mark, hash: finish(hash) });
    this.names = [...this.names, new TextDecoder().decode(bytes)];
    return this.#entries.length;
  }
}
