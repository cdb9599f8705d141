import { collectGarbage } from "../lib/engine.ts";
import { releaseProgramPages } from "../lib/ffi/program-pages.ts";
import { wait } from "../lib/wait.ts";

/** By then the page's first questions are computed, and the worker that did so has ended. */
const START_MS = 15_000;
/** Memory is checked once in this many requests and messages. */
const LOOK_EVERY = 500;
/**
 * Growth beyond this is reclaimed. On a machine with much memory the engine would let the requests' garbage grow by
 * tens of megabytes.
 */
const MOST_GROWTH_BYTES = 8 * 1024 * 1024;
/** The least time between two garbage collections, which take about 6 ms each. */
const COLLECT_EVERY_MS = 2_000;
/** The least time between two releases of program pages: mapping the needed ones again takes about 6 ms too. */
const RELEASE_EVERY_MS = 5_000;

/** How memory of the process is given back to the system. */
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
 * Keeps the memory of a board small, as it runs for months beside other programs. After startup it gives back what only
 * startup needed (almost half of the resident memory). Under load it reclaims growth: first garbage, then the pages of
 * code that is no longer used. Measured by bench/serve-page.ts.
 */
export class MemoryKeeper {
  readonly #reclaim: Reclaim;
  readonly #now: () => number;
  #baseBytes: number;
  #counted = 0;
  #collectedMs = -Infinity;
  #releasedMs = -Infinity;

  /** @param now milliseconds of a monotonic clock. */
  constructor(reclaim: Reclaim = OF_THIS_PROCESS, now: () => number = () => performance.now()) {
    this.#reclaim = reclaim;
    this.#now = now;
    this.#baseBytes = reclaim.residentBytes();
  }

  /** Waits for startup to end and reclaims what it used. Growth is measured from there. */
  async settle(signal: AbortSignal): Promise<void> {
    if (!(await wait(START_MS, signal))) return;
    this.#reclaim.collect();
    this.#reclaim.releaseProgram();
    this.#baseBytes = this.#reclaim.residentBytes();
  }

  /** Counts a request or message, each of which leaves garbage. */
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
