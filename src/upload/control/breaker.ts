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
  /** While one of the waiters probes for all; aborted when it stops, for whatever reason. */
  let probing: AbortController | null = null;

  const close = (): void => {
    failures = 0;
    if (openReason === null) return;
    openReason = null;
    probing?.abort();
    options.onChange?.(null);
  };

  const probeUntilWell = async (signal: AbortSignal): Promise<void> => {
    for (let attempt = 0; openReason !== null && !signal.aborted; attempt += 1) {
      // Never at once: half of the step is certain, and jitter spreads the rest.
      const halfMs = Math.min(options.probes.maxMs, options.probes.baseMs * 2 ** attempt) / 2;
      const waitMs = halfMs + backoffMs({ baseMs: halfMs, maxMs: halfMs }, 0, options.random);
      if ((await wait(waitMs, signal)) && (await options.probe(signal))) close();
    }
  };

  return {
    ready: async (signal) => {
      while (openReason !== null && !signal.aborted) {
        if (probing !== null) {
          await wait(Infinity, AbortSignal.any([signal, probing.signal]));
          continue;
        }
        const turn = new AbortController();
        probing = turn;
        await probeUntilWell(AbortSignal.any([signal, turn.signal]));
        probing = null;
        turn.abort();
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
