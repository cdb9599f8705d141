/** What a watcher reports. */
export type Arrival =
  /** Complete files; paths below the root, with `/`. */
  | { readonly type: "files"; readonly relativePaths: readonly string[] }
  /** The tree must be rescanned: arrivals may have been missed. */
  | { readonly type: "rescan"; readonly reason: string };

/** The most paths that may wait, about 10 MB; a rescan finds the rest. */
const MOST_WAITING = 50_000;
/** The most files reported at once. */
const MOST_TOGETHER = 512;

/**
 * The arrivals not taken yet: each file once, and at most one rescan. Adding never waits, so the kernel's queue is
 * emptied even while uploads wait; the memory this takes is bounded.
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

  /** The files that were taken back since the last call. */
  takeTouched(): readonly string[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  askRescan(reason: string): void {
    this.#rescan ??= reason;
    this.#wake?.();
  }

  /** Makes `take` throw. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }

  /** Yields arrivals until the signal aborts. A rescan comes first, since it also finds the waiting files. */
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
