// Settings of the JavaScript engine. Its defaults are made for servers: it compiles eagerly and lets garbage grow
// with the machine's memory. bench/engine.ts measures the effect of each by building the program with and without
// it; see bench/results/engine.json.

/**
 * How many times longer than usual code stays in the interpreter while a command starts: most of that code runs
 * once, and compiling it took a tenth of the CPU time of a start. Set by build/compile.ts.
 */
export const JIT_RELUCTANCE_AT_START = 4;

/** Call when the start is over: from here on code runs often enough to be worth compiling. */
export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}

/** Compiles as little as during the start: for a run that may find hardly anything to do (bench/known-files.ts). */
export function compileReluctantly(): void {
  Bun.unsafe.setJITPolicy(JIT_RELUCTANCE_AT_START);
}

/**
 * From here on code stays in the interpreter this many times longer than usual. For work of some 50 ms whose parts run
 * a few thousand times each, this saves a fifth of the CPU time of a comparison; for long work, what runs rarely is not
 * compiled.
 */
export function compileLate(times: number): void {
  Bun.unsafe.setJITPolicy(times);
}

/**
 * From here on the engine compiles next to nothing: for work whose time goes to disk, hash and network. Saves a
 * tenth of the memory over 3,000 uploads, at no cost in CPU time.
 */
export function compileHardly(): void {
  Bun.unsafe.setJITPolicy(1_000);
}

/** Takes some 6 ms with this program's few megabytes. */
export function collectGarbage(): void {
  Bun.gc(true);
}

export interface CollectorOptions {
  /** Collect after this many units of work; a collection takes some 10 ms. */
  readonly every: number;
  /** Collect only if resident memory has grown by this much. */
  readonly fromGrowthBytes?: number;
  /**
   * Where that growth is counted from. `collection`: from the previous collection, if the work keeps more and more
   * data for good. `start`: from when the collector was made, if all growth is garbage; counting from the previous
   * collection would then allow as much garbage again after each one.
   */
  readonly since?: "collection" | "start";
}

/**
 * Counts work that leaves garbage and collects it from time to time: a fifth less peak memory for an eighth more
 * CPU time.
 */
export function createCollector({
  every,
  fromGrowthBytes = 0,
  since = "collection",
}: CollectorOptions): (count: number) => void {
  let startBytes = fromGrowthBytes > 0 ? process.memoryUsage.rss() : 0;
  let counted = 0;
  return (count) => {
    counted += count;
    if (counted < every) return;
    counted = 0;
    if (fromGrowthBytes === 0) collectGarbage();
    else if (process.memoryUsage.rss() > startBytes + fromGrowthBytes) {
      collectGarbage();
      if (since === "collection") startBytes = process.memoryUsage.rss();
    }
  };
}
