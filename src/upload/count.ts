import { nextTurn } from "../lib/wait.ts";
import type { ScanEvent } from "./scan/scan.ts";

const SLICE_EVENTS = 256;

/** Counts the CVs of a tree ahead of the run, in slices that let everything else have its turn; null at an abort. */
export async function countFiles(events: Iterable<ScanEvent>, signal: AbortSignal): Promise<number | null> {
  let files = 0;
  let seen = 0;
  for (const event of events) {
    if (event.type !== "skipped") files += 1;
    seen += 1;
    if (seen % SLICE_EVENTS !== 0) continue;
    if (signal.aborted) return null;
    await nextTurn();
  }
  return files;
}
