/** How long a command has to end after the first signal. This leaves a little of the contract's 5 s for recording. */
const GRACE_MS = 4_500;

type Signal = "SIGINT" | "SIGTERM";
const CODES: Readonly<Record<Signal, 130 | 143>> = { SIGINT: 130, SIGTERM: 143 };

export interface Shutdown {
  readonly signal: AbortSignal;
  /** The exit code for the received signal; null if there was none. */
  exitCode(): 130 | 143 | null;
  /** Called when the grace period is over and the command has not ended: the last chance to report something. */
  onGraceOver: () => Promise<void>;
}

/**
 * The first SIGINT or SIGTERM asks the command to end. A second one, or the end of the grace period, ends the process
 * at once. That loses nothing: whatever was acknowledged is committed before it is reported.
 */
export function installShutdown(): Shutdown {
  const controller = new AbortController();
  let received: Signal | null = null;
  const shutdown: Shutdown = {
    signal: controller.signal,
    exitCode: () => (received === null ? null : CODES[received]),
    onGraceOver: () => Promise.resolve(),
  };
  const onSignal = (signal: Signal): void => {
    if (received !== null) process.exit(CODES[signal]);
    received = signal;
    controller.abort(new Error(`ended by ${signal}`));
    setTimeout(() => {
      void shutdown.onGraceOver().finally(() => process.exit(CODES[signal]));
    }, GRACE_MS).unref();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return shutdown;
}
