import { keptSum, VarintWriter } from "./varint.ts";

/** One group of operations: satellite × action × outcome × size class. */
export interface CellSums {
  count: number;
  bytes: number;
  timed: number;
  timedMs: number;
  coarse: number;
}

/** Groups by their packed key. */
export type SummedCells = Map<number, CellSums>;

/** A cell's key, packed: satellite × 1024 + action × 64 + outcome × 16 + size class. */
export function cellKey(satellite: number, action: number, outcome: number, sizeClass: number): number {
  return satellite * 1024 + action * 64 + outcome * 16 + sizeClass;
}

export function cellParts(key: number): {
  satellite: number;
  action: number;
  outcome: number;
  sizeClass: number;
} {
  return { satellite: key >> 10, action: (key >> 6) & 15, outcome: (key >> 4) & 3, sizeClass: key & 15 };
}

/** The sums at `key`, which are created if missing. */
export function sumsAt(to: SummedCells, key: number): CellSums {
  let sums = to.get(key);
  if (sums === undefined) to.set(key, (sums = { count: 0, bytes: 0, timed: 0, timedMs: 0, coarse: 0 }));
  return sums;
}

export function addCells(to: SummedCells, from: SummedCells): void {
  for (const [key, cell] of from) {
    const sums = sumsAt(to, key);
    sums.count += cell.count;
    sums.bytes += cell.bytes;
    sums.timed += cell.timed;
    sums.timedMs += cell.timedMs;
    sums.coarse += cell.coarse;
  }
}

const writer = new VarintWriter();
const ZSTD_LEVEL = 3;
/**
 * The first bytes of zstd's output. Cells stored before compression was introduced never begin like this: it would mean
 * 40 cells, the first of them with an action that does not exist.
 */
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;

/** The numbers of a cell: its key and its sums. */
const CELL_NUMBERS = 6;

/**
 * Writes the number of cells, then a column for each of their numbers, the keys in rising order as differences;
 * compressed.
 */
export function encodeCells(cells: SummedCells): Uint8Array {
  const keys = Float64Array.from(cells.keys()).sort();
  const { length } = keys;
  const columns = new Float64Array(length * CELL_NUMBERS);
  let before = 0;
  for (let at = 0; at < length; at += 1) {
    const key = keys[at] ?? 0;
    const { count, bytes, timed, timedMs, coarse } = sumsAt(cells, key);
    columns[at] = key - before;
    columns[length + at] = count;
    columns[2 * length + at] = keptSum(bytes);
    columns[3 * length + at] = timed;
    columns[4 * length + at] = keptSum(timedMs);
    columns[5 * length + at] = coarse;
    before = key;
  }
  writer.reset();
  writer.unsigned(length);
  writer.column(columns);
  return Bun.zstdCompressSync(writer.bytes(), { level: ZSTD_LEVEL });
}

/** Fills `numbers` with the varints from `start` on, and returns the offset after them. */
function readNumbers(bytes: Uint8Array, start: number, numbers: number[] | Float64Array): number {
  let at = start;
  for (let index = 0; index < numbers.length; index += 1) {
    let value = 0;
    let scale = 1;
    let byte = bytes[at++] ?? 0;
    while (byte >= 0x80) {
      value += (byte & 0x7f) * scale;
      scale *= 128;
      byte = bytes[at++] ?? 0;
    }
    numbers[index] = value + byte * scale;
  }
  if (at > bytes.length) throw new RangeError("Cannot read past the end of stored cells");
  return at;
}

/** Reads cells in the old format: six numbers per cell, followed by sketches that are not used. */
function addCellByCell(to: SummedCells, bytes: Uint8Array): void {
  const length = [0];
  let at = readNumbers(bytes, 0, length);
  const numbers = [0, 0, 0, 0, 0, 0];
  for (let left = length[0] ?? 0; left > 0; left -= 1) {
    at = readNumbers(bytes, at, numbers);
    const sums = sumsAt(to, numbers[0] ?? 0);
    sums.count += numbers[1] ?? 0;
    sums.bytes += numbers[2] ?? 0;
    sums.timed += numbers[3] ?? 0;
    sums.timedMs += numbers[4] ?? 0;
    sums.coarse += numbers[5] ?? 0;
  }
}

/** Stored cells, read and added up only when asked for: hundreds of numbers for each day. */
export class StoredCells {
  readonly #stored: Uint8Array[];
  readonly #readMore: () => readonly Uint8Array[];
  #sums: SummedCells | null = null;

  /** @param readMore reads more of the same cells, if they are asked for. */
  constructor(stored: readonly Uint8Array[] = [], readMore: () => readonly Uint8Array[] = () => []) {
    this.#stored = [...stored];
    this.#readMore = readMore;
  }

  add(stored: Uint8Array): void {
    this.#stored.push(stored);
    this.#sums = null;
  }

  /** @throws RangeError if the stored cells are damaged. */
  sums(): SummedCells {
    if (this.#sums === null) {
      this.#sums = new Map();
      for (const stored of [...this.#readMore(), ...this.#stored]) addStoredCells(this.#sums, stored);
    }
    return this.#sums;
  }
}

/** Adds the output of `encodeCells`. */
export function addStoredCells(to: SummedCells, stored: Uint8Array): void {
  if (ZSTD_MAGIC.some((byte, index) => stored[index] !== byte)) {
    addCellByCell(to, stored);
    return;
  }
  const bytes = Bun.zstdDecompressSync(stored);
  const length = [0];
  const start = readNumbers(bytes, 0, length);
  const size = length[0] ?? 0;
  // Each cell takes six numbers of at least one byte.
  if (size * CELL_NUMBERS > bytes.length) throw new RangeError("Cannot read past the end of stored cells");
  const columns = new Float64Array(size * CELL_NUMBERS);
  readNumbers(bytes, start, columns);
  let key = 0;
  for (let cell = 0; cell < size; cell += 1) {
    key += columns[cell] ?? 0;
    // A comparison adds hundreds of thousands of cells: do not allocate an object for each.
    const sums = sumsAt(to, key);
    sums.count += columns[size + cell] ?? 0;
    sums.bytes += columns[2 * size + cell] ?? 0;
    sums.timed += columns[3 * size + cell] ?? 0;
    sums.timedMs += columns[4 * size + cell] ?? 0;
    sums.coarse += columns[5 * size + cell] ?? 0;
  }
}
