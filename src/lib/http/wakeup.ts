/** setTimeout's limit; longer ones would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A wait for the next event. */
interface Wait {
  readonly resolve: () => void;
  readonly onSilence: () => void;
  readonly untilMs: number;
}

/**
 * Wakes the one user of a socket: it drained, bytes came, or it ended. One timer serves many waits: setting and clearing
 * one for each took 3% of the processor time of an upload.
 */
export class Wakeup {
  #wait: Wait | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAtMs = Infinity;

  fire(): void {
    const wait = this.#wait;
    this.#wait = null;
    wait?.resolve();
  }

  /** Resolves at the next event; calls `onSilence` first if none comes in time. */
  next(silenceMs: number, onSilence: () => void): Promise<void> {
    return new Promise((resolve) => {
      const untilMs = performance.now() + Math.min(silenceMs, LONGEST_TIMER_MS);
      this.#wait = { resolve, onSilence, untilMs };
      if (untilMs < this.#timerAtMs) this.#setTimer(untilMs);
    });
  }

  /** No more waits will come. */
  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAtMs = Infinity;
  }

  #setTimer(atMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, atMs - performance.now()));
    // The socket keeps the process alive for as long as somebody waits for it.
    this.#timer.unref();
  }

  /** A wait that began later than the timer ends later, too. */
  #onTimer(): void {
    this.#timer = null;
    this.#timerAtMs = Infinity;
    const wait = this.#wait;
    if (wait === null) return;
    if (performance.now() < wait.untilMs) {
      this.#setTimer(wait.untilMs);
      return;
    }
    wait.onSilence();
    this.fire();
  }
}
