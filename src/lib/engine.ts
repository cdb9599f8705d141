// What is asked of the JavaScript engine beyond its own judgement, which is made for servers: it compiles eagerly and lets
// garbage grow with the machine's memory. What each of these brings is measured by bench/engine.ts, which builds the
// program with and without them; the figures stand in bench/results/engine.json.

/**
 * How much longer than usual code stays in the interpreter while a command starts: most of that code runs once, and
 * compiling it was a tenth of a start's CPU time. build/compile.ts has the program begin so.
 */
export const JIT_RELUCTANCE_AT_START = 4;

/** The start is over: from here on code runs often enough to be worth compiling. */
export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}

/**
 * The engine hardly compiles from here on, for work that is the disk's, the hash's and the network's: a tenth less memory
 * over 3,000 uploads, at the CPU time that it would take anyway.
 */
export function compileHardly(): void {
  Bun.unsafe.setJITPolicy(1_000);
}

export interface CollectorOptions {
  /** Of whatever is counted; a collection takes some 10 ms. */
  readonly every: number;
  /** Collects only where resident memory has grown by so much. */
  readonly fromGrowthBytes?: number;
  /**
   * Since when that growth is counted: since the collection before, where more and more is kept for good, or since the
   * collector was made, where all growth is garbage. There each collection would allow for as much again.
   */
  readonly since?: "collection" | "start";
}

/** Counts work that leaves garbage, and collects it where enough has come together: a fifth less memory at its peak, for an eighth more CPU time. */
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
    if (fromGrowthBytes === 0) Bun.gc(true);
    else if (process.memoryUsage.rss() > startBytes + fromGrowthBytes) {
      Bun.gc(true);
      if (since === "collection") startBytes = process.memoryUsage.rss();
    }
  };
}
