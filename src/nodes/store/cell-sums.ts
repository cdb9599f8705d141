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

/** The sums at `key`, made where there are none. */
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
 * The first bytes of what zstd compressed. No cells that were stored before they were compressed begin so: it would be
 * 40 cells, the first of them with an action that there is not.
 */
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;

/** Numbers of a cell: its key and its sums. */
const CELL_NUMBERS = 6;

/** The number of cells, then a column for each number, the keys as differences in rising order; compressed. */
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

/** Fills `numbers` with the varints from `start` on, and returns where they end. */
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

/** Cells as stores of before hold them: a cell's six numbers at a time, and behind them sketches that nothing reads. */
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

/** Cells as they are stored, read and added up only when they are asked for: hundreds of numbers of each day. */
export class StoredCells {
  readonly #stored: Uint8Array[];
  readonly #readMore: () => readonly Uint8Array[];
  #sums: SummedCells | null = null;

  /** @param readMore what belongs to them and is not read yet. */
  constructor(stored: readonly Uint8Array[] = [], readMore: () => readonly Uint8Array[] = () => []) {
    this.#stored = [...stored];
    this.#readMore = readMore;
  }

  add(stored: Uint8Array): void {
    this.#stored.push(stored);
    this.#sums = null;
  }

  /** @throws RangeError where what is stored is damaged. */
  sums(): SummedCells {
    if (this.#sums === null) {
      this.#sums = new Map();
      for (const stored of [...this.#readMore(), ...this.#stored]) addStoredCells(this.#sums, stored);
    }
    return this.#sums;
  }
}

/** Adds what `encodeCells` wrote. */
export function addStoredCells(to: SummedCells, stored: Uint8Array): void {
  if (ZSTD_MAGIC.some((byte, index) => stored[index] !== byte)) {
    addCellByCell(to, stored);
    return;
  }
  const bytes = Bun.zstdDecompressSync(stored);
  const length = [0];
  const start = readNumbers(bytes, 0, length);
  const size = length[0] ?? 0;
  // Six numbers of at least a byte each stand there for a cell.
  if (size * CELL_NUMBERS > bytes.length) throw new RangeError("Cannot read past the end of stored cells");
  const columns = new Float64Array(size * CELL_NUMBERS);
  readNumbers(bytes, start, columns);
  let key = 0;
  for (let cell = 0; cell < size; cell += 1) {
    key += columns[cell] ?? 0;
    // Hundreds of thousands in a comparison: no object for each.
    const sums = sumsAt(to, key);
    sums.count += columns[size + cell] ?? 0;
    sums.bytes += columns[2 * size + cell] ?? 0;
    sums.timed += columns[3 * size + cell] ?? 0;
    sums.timedMs += columns[4 * size + cell] ?? 0;
    sums.coarse += columns[5 * size + cell] ?? 0;
  }
}
