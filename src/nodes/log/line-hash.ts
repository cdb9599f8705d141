/**
 * Two 32-bit lanes of multiply-rotate mixing (after MurmurHash3's body and finaliser, Appleby 2011). JavaScript has
 * no fast 64-bit multiplication, so a key is two lanes that differ in their constants.
 */
const FIRST = 0xcc9e2d51;
const SECOND = 0x1b873593;

export function mixFirst(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, FIRST);
  return (product << 15) | (product >>> 17);
}

export function mixSecond(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, SECOND);
  return (product << 13) | (product >>> 19);
}

/** Spreads every input bit over the 32 bits of the result. */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export const SEED_FIRST = 0x2f1b7a35;
export const SEED_SECOND = 0x5e9c31d7;

/**
 * A stored event keeps 24 of the 48 bits of its operation's key. Pairing needs all of them while operations are in
 * flight. Once an operation has ended, it only has to be told apart from the few other lines with the same time,
 * outcome and size.
 */
export const KEY_MASK = 0xffffff;

/**
 * Identifies a log line, as a 53-bit number, by its time, what happened to which operation, and the size. Only the
 * KEY_MASK bits of `key` count, since a stored event has no others. The number comes from the meaning, not the bytes:
 * the line is the same with a docker prefix, as JSON or compressed, and a stored event gives the number again. A start
 * has no size (its event's size is that of the end).
 */
export function lineIdentity(timeMs: number, key: number, what: number, sizeBytes: number): number {
  const timeLow = (timeMs % 0x100000000) | 0;
  const size = (sizeBytes % 0x100000000) | 0;
  const kept = key & KEY_MASK;
  const first = mixFirst(mixFirst(mixFirst(kept, timeLow), size), what);
  const second = mixSecond(mixSecond(mixSecond(what, size), timeLow), kept);
  return (finish(second) & 0x1fffff) * 0x100000000 + finish(first);
}

/** Hashes any text to a 53-bit number. */
export function textIdentity(text: string): number {
  let first = SEED_FIRST;
  let second = SEED_SECOND;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    first = mixFirst(first, unit);
    second = mixSecond(second, unit);
  }
  return (finish(second) & 0x1fffff) * 0x100000000 + finish(first);
}
