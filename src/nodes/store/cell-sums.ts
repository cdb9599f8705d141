import type { Cells, CellSums } from "./rollup.ts";

/** What comparisons read of cells: all but their sketches. */
export type SummedCells = Map<number, CellSums>;

function sumsAt(to: SummedCells, key: number): CellSums {
  let sums = to.get(key);
  if (sums === undefined) to.set(key, (sums = { count: 0, bytes: 0, timed: 0, timedMs: 0, coarse: 0 }));
  return sums;
}

export function addCells(to: SummedCells, from: Cells): void {
  for (const [key, cell] of from) {
    const sums = sumsAt(to, key);
    sums.count += cell.count;
    sums.bytes += cell.bytes;
    sums.timed += cell.timed;
    sums.timedMs += cell.timedMs;
    sums.coarse += cell.coarse;
  }
}

/** Fills `numbers` with the varints from `start` on, and returns where they end. */
function readNumbers(bytes: Uint8Array, start: number, numbers: number[]): number {
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

/** Adds what rollup.encodeCells wrote: a cell's six numbers at a time, and the sketches behind them not at all. */
export function addStoredCells(to: SummedCells, bytes: Uint8Array): void {
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
