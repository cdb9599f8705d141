import { ACTIONS, SUCCESS } from "../log/vocabulary.ts";
import { cellParts, type SummedCells } from "./cell-sums.ts";
import type { VarintReader, VarintWriter } from "./varint.ts";

/**
 * The totals of an hour or a day by index of action: all that totals and earnings need. They follow the sketch in the
 * summary, so that a comparison need not unpack and add up hundreds of groups of operations.
 */
export interface ActionSums {
  /** The number of ended operations. */
  readonly counts: Float64Array;
  /** The bytes of the successful ones. */
  readonly successBytes: Float64Array;
}

export function createActionSums(): ActionSums {
  return { counts: new Float64Array(ACTIONS.length), successBytes: new Float64Array(ACTIONS.length) };
}

export function addAction(to: ActionSums, action: number, count: number, bytes: number): void {
  to.counts[action] = (to.counts[action] ?? 0) + count;
  to.successBytes[action] = (to.successBytes[action] ?? 0) + bytes;
}

/** For summaries in the old format, which have no such sums: computes them from the cells. */
export function addCellsByAction(to: ActionSums, cells: SummedCells): void {
  for (const [key, { count, bytes }] of cells) {
    const { action, outcome } = cellParts(key);
    addAction(to, action, count, outcome === SUCCESS ? bytes : 0);
  }
}

/** Writes the number of actions in use, then the index, count and bytes of each. */
export function writeActions(to: VarintWriter, { counts, successBytes }: ActionSums): void {
  const used = [...counts.keys()].filter((action) => counts[action] !== 0);
  to.unsigned(used.length);
  for (const action of used) {
    to.unsigned(action);
    to.unsigned(counts[action] ?? 0);
    to.sum(successBytes[action] ?? 0);
  }
}

/** Adds the output of `writeActions`. */
export function readActions(reader: VarintReader, to: ActionSums): void {
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    const action = reader.unsigned();
    if (action >= ACTIONS.length) throw new RangeError("Cannot read sums of an action that there is not");
    addAction(to, action, reader.unsigned(), reader.unsigned());
  }
}
