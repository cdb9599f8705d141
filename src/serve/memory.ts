import { collectGarbage } from "../lib/engine.ts";
import { releaseProgramPages } from "../lib/ffi/program-pages.ts";
import { wait } from "../lib/wait.ts";

/** By then what the page asks for first is computed, and the worker that did so has ended. */
const START_MS = 15_000;
/** Requests and messages after which it is looked how much memory there is. */
const LOOK_EVERY = 500;
/** On a machine with much memory the engine would let the garbage of requests grow by tens of megabytes. */
const MOST_GROWTH_BYTES = 8 * 1024 * 1024;
/** Collecting takes some 6 ms … */
const COLLECT_EVERY_MS = 2_000;
/** … and so does mapping again what is used. */
const RELEASE_EVERY_MS = 5_000;

/** What of the process can be given back to the system. */
export interface Reclaim {
  readonly residentBytes: () => number;
  readonly collect: () => void;
  readonly releaseProgram: () => void;
}

const OF_THIS_PROCESS: Reclaim = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: collectGarbage,
  releaseProgram: releaseProgramPages,
};

/**
 * Keeps a board small that runs for months beside other programs: once it has started, what only its start needed is
 * given back (almost half of its resident memory), and under load what has grown since: garbage first, then code that no longer
 * runs. bench/serve-page.ts measures it.
 */
export class MemoryKeeper {
  readonly #reclaim: Reclaim;
  readonly #now: () => number;
  #baseBytes: number;
  #counted = 0;
  #collectedMs = -Infinity;
  #releasedMs = -Infinity;

  /** @param now milliseconds, never set back. */
  constructor(reclaim: Reclaim = OF_THIS_PROCESS, now: () => number = () => performance.now()) {
    this.#reclaim = reclaim;
    this.#now = now;
    this.#baseBytes = reclaim.residentBytes();
  }

  /** Waits for the end of the start; from then on growth counts from what is needed after it. */
  async settle(signal: AbortSignal): Promise<void> {
    if (!(await wait(START_MS, signal))) return;
    this.#reclaim.collect();
    this.#reclaim.releaseProgram();
    this.#baseBytes = this.#reclaim.residentBytes();
  }

  /** A request or a message: work that leaves garbage. */
  count(): void {
    this.#counted += 1;
    if (this.#counted < LOOK_EVERY) return;
    this.#counted = 0;
    const nowMs = this.#now();
    if (nowMs - this.#collectedMs < COLLECT_EVERY_MS || !this.#hasGrown) return;
    this.#collectedMs = nowMs;
    this.#reclaim.collect();
    if (nowMs - this.#releasedMs < RELEASE_EVERY_MS || !this.#hasGrown) return;
    this.#releasedMs = nowMs;
    this.#reclaim.releaseProgram();
  }

  get #hasGrown(): boolean {
    return this.#reclaim.residentBytes() > this.#baseBytes + MOST_GROWTH_BYTES;
  }
}
