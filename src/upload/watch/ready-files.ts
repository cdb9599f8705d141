/** What a watcher reports. */
export type Arrival =
  /** Files are complete; below the root, with `/`. */
  | { readonly type: "files"; readonly relativePaths: readonly string[] }
  /** The tree must be rescanned: single arrivals may have been missed. */
  | { readonly type: "rescan"; readonly reason: string };

/** No more than this is kept waiting: a rescan finds the rest. Some 10 MB of paths. */
const MOST_WAITING = 50_000;
/** Told at once: looking for one of them costs its folder's listing. */
const MOST_TOGETHER = 512;

/**
 * What has arrived and was not taken yet: each file once, and at most one rescan. Whoever puts things in never waits,
 * so that the kernel's queue is emptied while uploads stand still; what this costs in memory is bounded.
 */
export class ReadyFiles {
  readonly #paths = new Set<string>();
  readonly #touched = new Set<string>();
  #rescan: string | null = null;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;

  get waiting(): number {
    return this.#paths.size;
  }

  add(relativePath: string): void {
    if (this.#paths.size >= MOST_WAITING && !this.#paths.has(relativePath)) {
      this.askRescan("more files arrived than are held in memory");
      return;
    }
    this.#paths.add(relativePath);
    this.#wake?.();
  }

  /** Takes back a file that turned out to be incomplete. */
  touch(relativePath: string): void {
    if (this.#touched.size < MOST_WAITING) this.#touched.add(relativePath);
    else this.askRescan("more files are being written than are held in memory");
  }

  /** What was handed back since it was asked last. */
  takeTouched(): readonly string[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  askRescan(reason: string): void {
    this.#rescan ??= reason;
    this.#wake?.();
  }

  /** Ends the taking with an error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }

  /** What arrives, until the signal aborts. A rescan goes first: it finds what waits as well. */
  async *take(signal: AbortSignal): AsyncGenerator<Arrival> {
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener("abort", onAbort);
    try {
      for (;;) {
        if (this.#failure !== null) throw this.#failure.error;
        if (signal.aborted) return;
        if (this.#rescan !== null) {
          const reason = this.#rescan;
          this.#rescan = null;
          this.#paths.clear();
          yield { type: "rescan", reason };
          continue;
        }
        if (this.#paths.size > 0) {
          const relativePaths = [...this.#paths.values().take(MOST_TOGETHER)];
          for (const path of relativePaths) this.#paths.delete(path);
          yield { type: "files", relativePaths };
          continue;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
