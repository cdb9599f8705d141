import { backoffMs, type BackoffPolicy } from "../../lib/backoff.ts";
import { wait } from "../../lib/wait.ts";

/** Stands before every upload: when the server is down nobody knocks but one prober. */
export interface Breaker {
  /** Resolves true when uploads may go on, false when the signal aborted first. */
  ready(signal: AbortSignal): Promise<boolean>;
  success(): void;
  /** A failure of the server or the way to it: no connection, reset, silence, 5xx. */
  failure(reason: string): void;
  /** Why it is open; null while it is closed. */
  readonly openReason: string | null;
}

export interface BreakerOptions {
  /** So many failures in a row, over all uploads, open it. */
  readonly failuresToOpen: number;
  /** How the waits between probes grow. */
  readonly probes: BackoffPolicy;
  /** Asks the server whether it is well again. */
  readonly probe: (signal: AbortSignal) => Promise<boolean>;
  readonly random?: () => number;
  /** Told when it opens, with the reason, and when it closes, with null. */
  readonly onChange?: (openReason: string | null) => void;
}

export function createBreaker(options: BreakerOptions): Breaker {
  let failures = 0;
  let openReason: string | null = null;
  /** The one probing loop that all waiters share; it lives while any of them waits. */
  let probing: Promise<boolean> | null = null;

  const close = (): void => {
    failures = 0;
    if (openReason === null) return;
    openReason = null;
    options.onChange?.(null);
  };

  const probeUntilWell = async (signal: AbortSignal): Promise<boolean> => {
    for (let attempt = 0; openReason !== null; attempt += 1) {
      // Never at once: half of the step is certain, jitter spreads the rest.
      const stepMs = Math.min(options.probes.maxMs, options.probes.baseMs * 2 ** attempt);
      const waitMs = stepMs / 2 + backoffMs({ baseMs: stepMs / 2, maxMs: stepMs / 2 }, 0, options.random);
      if (!(await wait(waitMs, signal))) return false;
      if (await options.probe(signal)) close();
    }
    return true;
  };

  return {
    ready: async (signal) => {
      while (openReason !== null) {
        if (signal.aborted) return false;
        probing ??= probeUntilWell(signal).finally(() => {
          probing = null;
        });
        const mine = await Promise.race([probing, aborted(signal)]);
        if (!mine && signal.aborted) return false;
      }
      return !signal.aborted;
    },
    success: close,
    failure: (reason) => {
      failures += 1;
      if (failures < options.failuresToOpen || openReason !== null) return;
      openReason = reason;
      options.onChange?.(reason);
    },
    get openReason() {
      return openReason;
    },
  };
}

function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(false), { once: true });
  });
}
