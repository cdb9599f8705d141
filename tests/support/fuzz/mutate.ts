/** A number below `count`. */
export type Draw = (count: number) => number;

/** Byte values at the edges of ranges used by formats. */
const EDGES = [0, 1, 9, 10, 13, 31, 32, 34, 47, 48, 57, 58, 91, 92, 123, 126, 127, 128, 191, 192, 254, 255];
/** Numbers as text, at and beyond the limits of 16, 31, 32, 53 and 64 bits. */
const NUMBERS = [
  "0",
  "-1",
  "65535",
  "65536",
  "2147483648",
  "4294967295",
  "4294967296",
  "9007199254740991",
  "9007199254740993",
  "18446744073709551616",
  "1e999",
  "1.5",
  "00",
];
const MOST_REPEATS = 64;
const MOST_CHANGES = 5;

const encoder = new TextEncoder();
const numbers = NUMBERS.map((text) => encoder.encode(text));

/** Replaces the range [start, end) of `bytes`. */
function spliced(bytes: Uint8Array, start: number, end: number, put: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - (end - start) + put.length);
  result.set(bytes.subarray(0, start));
  result.set(put, start);
  result.set(bytes.subarray(end), start + put.length);
  return result;
}

/** A range of at most `most` bytes; its end may equal its start. */
function drawRange(bytes: Uint8Array, draw: Draw, most: number): readonly [start: number, end: number] {
  const start = draw(bytes.length + 1);
  return [start, start + draw(Math.min(most, bytes.length - start) + 1)];
}

/** The position of the first run of digits at or after `from`; null if there is none. */
function digitsFrom(bytes: Uint8Array, from: number): readonly [start: number, end: number] | null {
  const isDigit = (at: number): boolean => (bytes[at] ?? 0) >= 48 && (bytes[at] ?? 0) <= 57;
  let start = from;
  while (start < bytes.length && !isDigit(start)) start += 1;
  let end = start;
  while (end < bytes.length && isDigit(end)) end += 1;
  return start === end ? null : [start, end];
}

function withNumber(bytes: Uint8Array, draw: Draw): Uint8Array {
  const found = digitsFrom(bytes, draw(bytes.length + 1));
  const [start, end] = found ?? drawRange(bytes, draw, 4);
  return spliced(bytes, start, end, numbers[draw(numbers.length)] ?? encoder.encode("0"));
}

/** Changes a 16- or 32-bit word, which may be a length field, to be large, small or off by one. */
function withWord(bytes: Uint8Array, draw: Draw): Uint8Array {
  if (bytes.length < 4) return bytes;
  const result = bytes.slice();
  const view = new DataView(result.buffer);
  const isWide = draw(2) === 0;
  const at = draw(bytes.length - (isWide ? 3 : 1));
  const isLittle = draw(2) === 0;
  const before = isWide ? view.getUint32(at, isLittle) : view.getUint16(at, isLittle);
  const value = [0, 0xffffffff, before + 1, before - 1, before * 2, 1 << draw(32)][draw(6)] ?? 0;
  if (isWide) view.setUint32(at, value, isLittle);
  else view.setUint16(at, value, isLittle);
  return result;
}

/**
 * One change: flips a bit or a byte, inserts an edge value or a word, or removes, doubles, repeats, moves,
 * shuffles or truncates a range, or takes one from another input.
 */
function changed(
  bytes: Uint8Array,
  draw: Draw,
  dictionary: readonly Uint8Array[],
  other: Uint8Array,
): Uint8Array {
  const at = draw(bytes.length);
  switch (draw(12)) {
    case 0:
    case 1: {
      const result = bytes.slice();
      if (result.length > 0) result[at] = (result[at] ?? 0) ^ (1 << draw(8));
      return result;
    }
    case 2: {
      const result = bytes.slice();
      if (result.length > 0) result[at] = draw(2) === 0 ? draw(256) : (EDGES[draw(EDGES.length)] ?? 0);
      return result;
    }
    case 3: {
      const [start, end] = drawRange(bytes, draw, 32);
      return spliced(bytes, start, end, new Uint8Array());
    }
    case 4: {
      const [start, end] = drawRange(bytes, draw, 128);
      return spliced(bytes, end, end, bytes.subarray(start, end));
    }
    case 5: {
      const [start, end] = drawRange(bytes, draw, 8);
      const piece = bytes.subarray(start, end);
      const many = new Uint8Array(piece.length * (1 + draw(MOST_REPEATS)));
      for (let offset = 0; offset < many.length; offset += piece.length) many.set(piece, offset);
      return spliced(bytes, end, end, many);
    }
    case 6: {
      const [start, end] = drawRange(other, draw, 256);
      const [from, until] = drawRange(bytes, draw, 64);
      return spliced(bytes, from, until, other.subarray(start, end));
    }
    case 7:
      return bytes.slice(0, draw(bytes.length + 1));
    case 8:
      return withNumber(bytes, draw);
    case 9:
      return withWord(bytes, draw);
    default: {
      const word = dictionary[draw(dictionary.length)] ?? new Uint8Array();
      const [start, end] = draw(2) === 0 ? [at, at] : [at, Math.min(bytes.length, at + word.length)];
      return spliced(bytes, start, end, word);
    }
  }
}

/** Applies a few changes to `bytes`, up to `mostBytes`. */
export function mutate(
  bytes: Uint8Array,
  how: {
    readonly draw: Draw;
    readonly dictionary: readonly Uint8Array[];
    readonly other: Uint8Array;
    readonly mostBytes: number;
  },
): Uint8Array {
  let result = bytes;
  for (let left = 1 + how.draw(MOST_CHANGES); left > 0; left -= 1) {
    result = changed(result, how.draw, how.dictionary, how.other);
    if (result.length > how.mostBytes) result = result.slice(0, how.mostBytes);
  }
  return result;
}
