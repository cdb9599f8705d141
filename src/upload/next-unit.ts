import { HELD_UP_TO_BYTES, type Work } from "./work.ts";

export interface BatchLimits {
  /** 1: no batches. */
  readonly items: number;
  readonly bytes: number;
  /** A batch that is not full may still wait for more. */
  readonly mayWait: boolean;
}

/**
 * Takes what is sent next out of the line: one content, or as many small ones as a batch holds; nothing where it is
 * better to wait.
 *
 * @param isAskedFirst the server is known to have much of what comes: send only what it was asked for and lacks.
 */
export function nextUnit(ready: Work[], batch: BatchLimits, isAskedFirst: boolean): Work[] {
  const mayGo = (work: Work): boolean =>
    !isAskedFirst || work.asked === "absent" || work.attempts > 0 || work.isMaybeOurs;
  const isBatchable = (work: Work): boolean =>
    batch.items > 1 && work.file.sizeBytes <= HELD_UP_TO_BYTES && !work.isSingle;
  const first = ready.findIndex(mayGo);
  const lead = ready[first];
  if (lead === undefined) return [];
  if (!isBatchable(lead)) return ready.splice(first, 1);

  const chosen: number[] = [];
  let bytes = 0;
  let isFull = false;
  for (let at = first; at < ready.length && !isFull; at += 1) {
    const work = ready[at];
    if (work === undefined || !mayGo(work) || !isBatchable(work)) continue;
    if (chosen.length > 0 && bytes + work.file.sizeBytes > batch.bytes) {
      isFull = true;
      break;
    }
    chosen.push(at);
    bytes += work.file.sizeBytes;
    isFull = chosen.length >= batch.items;
  }
  if (!isFull && batch.mayWait) return [];
  return chosen
    .toReversed()
    .flatMap((at) => ready.splice(at, 1))
    .toReversed();
}
