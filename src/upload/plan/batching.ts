import { HELD_UP_TO_BYTES } from "../limits.ts";
import type { Work } from "./work.ts";

export interface BatchLimits {
  /** 1 means no batches. */
  readonly items: number;
  readonly bytes: number;
  /** A batch that is not full may wait for more. */
  readonly mayWait: boolean;
}

const NOTHING: readonly Work[] = [];

function firstOf(queued: Iterable<Work>, mayGo: (work: Work) => boolean): readonly Work[] {
  for (const work of queued) if (mayGo(work)) return [work];
  return NOTHING;
}

/**
 * Chooses what to send next from the line: one content, or as many small ones as a batch holds; nothing if it is better
 * to wait.
 *
 * @param mayGo whether a content may be sent now.
 */
export function nextUnit(
  queued: Iterable<Work>,
  batch: BatchLimits,
  mayGo: (work: Work) => boolean,
): readonly Work[] {
  if (batch.items === 1) return firstOf(queued, mayGo);
  const isBatchable = (work: Work): boolean => work.file.sizeBytes <= HELD_UP_TO_BYTES && !work.isSingle;
  const unit: Work[] = [];
  let bytes = 0;
  for (const work of queued) {
    if (!mayGo(work)) continue;
    if (!isBatchable(work)) {
      if (unit.length === 0) return [work];
      continue;
    }
    // The first content that does not fit ends the batch: a smaller one that came later does not overtake.
    if (unit.length > 0 && bytes + work.file.sizeBytes > batch.bytes) return unit;
    unit.push(work);
    bytes += work.file.sizeBytes;
    if (unit.length >= batch.items) return unit;
  }
  return batch.mayWait ? [] : unit;
}
