/**
 * Resolves after `ms`, or at once when the signal aborts: `true` where the time passed, `false` where it was cut short.
 * The timer never outlives the wait.
 */
export function wait(ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = (passed: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(passed);
    };
    const onAbort = (): void => done(false);
    // setTimeout's limit is 2^31-1 ms; a longer wait fires early without this bound.
    const timer = setTimeout(() => done(true), Math.min(ms, 2 ** 31 - 1));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Resolves after sockets, timers and signals have had their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
