import { availableParallelism } from "node:os";

/** Contents up to this size are held in memory and hashed from the buffer that is sent; larger ones are streamed. */
export const HELD_UP_TO_BYTES = 1024 * 1024;

/** Limits of a run that no user needs to change. All times in milliseconds. */
export interface RunLimits {
  /** The highest number of uploads for --workers auto. */
  readonly mostWorkers: number;
  /** Failures in a row after which the server counts as away. */
  readonly failuresToOpen: number;
  /** How long a run waits for a file that is still being written. */
  readonly settleWaitMs: number;
  /** Uploads in flight have this long after the first signal; the rest of the 5 s is for recording. */
  readonly graceMs: number;
  /** Threads that hash large files. */
  readonly hashWorkers: number;
  /** There is more than one core for hashing. */
  readonly isThreaded: boolean;
  /** Up to this size a calm run hashes in its own thread: another thread takes 5 MB. */
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
