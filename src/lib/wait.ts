/**
 * Resolves after `ms`, or at once if the signal aborts: `true` if the time passed, `false` if it was cut short.
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
    // setTimeout's limit is 2^31-1 ms; longer waits would fire at once without this bound.
    const timer = setTimeout(() => done(true), Math.min(ms, 2 ** 31 - 1));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Resolves after pending sockets, timers and signals have had their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
