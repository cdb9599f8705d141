import { VarintReader, VarintWriter } from "./varint.ts";

/**
 * Columns of whole numbers as byte planes: all lowest bytes, then all second bytes, then all third bytes, each plane
 * compressed by itself. The lowest bytes of times, durations and sizes are nearly noise, and the upper ones nearly
 * constant; together they would share one code and take a quarter more space. Larger numbers are stored separately
 * after the planes.
 */
const PLANES = 3;
const ESCAPE = 2 ** (8 * PLANES) - 1;
const ZSTD_LEVEL = 1;

/** Writes columns of equal length, one after another. */
export class PlaneWriter {
  readonly #out: VarintWriter;
  readonly #planes: Uint8Array[];
  readonly #escaped: number[] = [];
  readonly #count: number;

  constructor(out: VarintWriter, count: number) {
    this.#out = out;
    this.#count = count;
    this.#planes = Array.from({ length: PLANES }, () => new Uint8Array(count));
  }

  /** Writes a column of non-negative safe integers. */
  column(values: Float64Array): void {
    const [low, middle, high] = this.#planes;
    if (low === undefined || middle === undefined || high === undefined) return;
    let seen = 0;
    for (let row = 0; row < this.#count; row += 1) {
      const number = values[row] ?? 0;
      if (number >= ESCAPE) this.#escaped.push(number);
      const value = number >= ESCAPE ? ESCAPE : number | 0;
      low[row] = value;
      middle[row] = value >>> 8;
      high[row] = value >>> 16;
      seen |= value;
    }
    // All-zero planes are left out: most sizes and satellites need one or two.
    const used = seen > 0xffff ? 3 : seen > 0xff ? 2 : 1;
    this.#out.unsigned(used);
    for (const plane of this.#planes.slice(0, used)) {
      const packed = Bun.zstdCompressSync(plane, { level: ZSTD_LEVEL });
      this.#out.unsigned(packed.length);
      this.#out.append(packed);
    }
  }

  /** Must be called after the last column. */
  end(): void {
    for (const value of this.#escaped) this.#out.unsigned(value);
  }
}

/** Reads the output of PlaneWriter: the same number of columns, then `end`. */
export class PlaneReader {
  readonly #reader: VarintReader;
  readonly #count: number;
  readonly #columns: Float64Array[] = [];

  constructor(reader: VarintReader, count: number) {
    this.#reader = reader;
    this.#count = count;
  }

  /** The next column; its larger numbers are only correct after `end`. */
  column(): Float64Array {
    const values = new Float64Array(this.#count);
    const used = this.#reader.unsigned();
    if (used < 1 || used > PLANES) throw new RangeError(`Cannot read a stored block of ${used} planes`);
    for (let plane = 0, scale = 1; plane < used; plane += 1, scale *= 256) {
      const bytes = Bun.zstdDecompressSync(this.#reader.take(this.#reader.unsigned()));
      if (bytes.length !== this.#count)
        throw new RangeError("Cannot read a stored block whose planes are cut");
      for (let row = 0; row < this.#count; row += 1)
        values[row] = (values[row] ?? 0) + (bytes[row] ?? 0) * scale;
    }
    this.#columns.push(values);
    return values;
  }

  end(): void {
    for (const values of this.#columns)
      for (let row = 0; row < this.#count; row += 1)
        if (values[row] === ESCAPE) values[row] = this.#reader.unsigned();
  }
}
