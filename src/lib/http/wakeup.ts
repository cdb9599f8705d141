/** setTimeout's limit; longer ones would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Wakes the one user of a socket: it drained, bytes came, or it ended. */
export class Wakeup {
  #wake: (() => void) | null = null;

  fire(): void {
    this.#wake?.();
  }

  /** Resolves at the next event; calls `onSilence` first if none comes in time. */
  next(silenceMs: number, onSilence: () => void): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          onSilence();
          this.#wake?.();
        },
        Math.min(silenceMs, LONGEST_TIMER_MS),
      );
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
