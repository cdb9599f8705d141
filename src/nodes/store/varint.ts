/** The length of the longest number in bytes. */
const LONGEST = 8;

/** Limits a sum of sizes or durations, which damaged lines may have made larger than the largest storable number. */
export function keptSum(value: number): number {
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

/** Writes unsigned LEB128 numbers up to 2^53 - 1, and signed ones as zigzag, into a growing buffer. */
export class VarintWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  /** @throws RangeError outside 0 to 2^53 - 1, and for fractions: such a number would be written as a different one. */
  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`Cannot write ${value} as a varint`);
    if (this.#length + LONGEST > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    while (rest >= 0x80000000) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#length = at;
  }

  /** The same for each value. Its own loop takes a third of the time, and is compiled once for all columns. */
  column(values: Float64Array): void {
    while (this.#length + values.length * LONGEST > this.#bytes.length) this.#grow();
    const bytes = this.#bytes;
    let at = this.#length;
    for (let index = 0; index < values.length; index += 1) {
      let rest = values[index] ?? 0;
      if (!(rest >= 0 && rest <= Number.MAX_SAFE_INTEGER && Math.floor(rest) === rest))
        throw new RangeError(`Cannot write ${rest} as a varint`);
      while (rest >= 0x80000000) {
        bytes[at++] = (rest % 128) | 0x80;
        rest = Math.floor(rest / 128);
      }
      let low = rest | 0;
      while (low >= 0x80) {
        bytes[at++] = (low & 0x7f) | 0x80;
        low >>>= 7;
      }
      bytes[at++] = low;
    }
    this.#length = at;
  }

  sum(value: number): void {
    this.unsigned(keptSum(value));
  }

  signed(value: number): void {
    this.unsigned(value < 0 ? -value * 2 - 1 : value * 2);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = value;
  }

  append(bytes: Uint8Array): void {
    while (this.#length + bytes.length > this.#bytes.length) this.#grow();
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The bytes written; valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }
}

/** Reads the output of VarintWriter. Reading past the end throws: a stored blob is either complete or damaged. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** The offset of the next number. */
  get position(): number {
    return this.#position;
  }

  byte(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw new RangeError("Cannot read past the end of a stored blob");
    return byte;
  }

  /** The next `length` bytes, unchanged. */
  take(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new RangeError("Cannot read past the end of a stored blob");
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  unsigned(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError("Cannot read a varint past 2^53 - 1");
    return value;
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
