import { availableParallelism } from "node:os";

/** Up to this size a content is held in memory and hashed from the very buffer that is sent; above, it is streamed. */
export const HELD_UP_TO_BYTES = 1024 * 1024;

/** What bounds a run and nobody would turn. All times in milliseconds. */
export interface RunLimits {
  /** What --workers auto goes up to. */
  readonly mostWorkers: number;
  /** Failures in a row after which the server counts as away. */
  readonly failuresToOpen: number;
  /** How long a run waits for a file that is still being written. */
  readonly settleWaitMs: number;
  /** Uploads in flight have this long after the first signal; the rest of the 5 s is for recording. */
  readonly graceMs: number;
  /** Threads that hash large files. */
  readonly hashWorkers: number;
  /** There is more than one core to hash on. */
  readonly isThreaded: boolean;
  /** Up to here a calm pass hashes in its own thread: another one takes 5 MB. */
  readonly hashInPlaceBytes: number;
}

export const RUN_LIMITS: RunLimits = {
  mostWorkers: 20,
  failuresToOpen: 10,
  settleWaitMs: 30_000,
  graceMs: 3_500,
  hashWorkers: 2,
  isThreaded: availableParallelism() > 1,
  hashInPlaceBytes: 8 * 1024 ** 2,
};
