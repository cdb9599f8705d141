import type { RunBook } from "./ledger/run-book.ts";
import type { SharingOptions } from "./plan/sharing/sharing.ts";
import type { PlanOptions } from "./plan/upload-plan.ts";
import type { RunOptions } from "./run-options.ts";

const CALM_WORKERS = 5;

/** The options of a plan, from the settings and what was learnt about the destination. */
export function planOptions(
  { settings, limits }: Pick<RunOptions, "settings" | "limits">,
  { destination, runId }: Pick<RunBook, "destination" | "runId">,
  sharing: SharingOptions | null,
): PlanOptions {
  const nowMs = Date.now();
  const refusesBatches = (destination.batchRefusedUntilMs ?? 0) > nowMs;
  const refusesDuplicates = (destination.refusesDuplicatesUntilMs ?? 0) > nowMs;
  const workers = settings.workers ?? (settings.bulk ? "auto" : CALM_WORKERS);
  return {
    runId: runId ?? 0,
    retryFailed: settings.retryFailed,
    inFlight:
      workers === "auto"
        ? { type: "adaptive", calm: CALM_WORKERS, max: limits.mostWorkers, initial: CALM_WORKERS }
        : { type: "fixed", workers },
    retry: {
      retries: settings.retries,
      backoff: { baseMs: settings.retryDelay, maxMs: settings.retryDelayMax },
      ambiguousWaitMs: settings.ambiguousWait,
      outageWaitMs: settings.outageWait,
      random: Math.random,
    },
    refusesDuplicates,
    batchItems: settings.bulk && !refusesBatches ? settings.batchItems : 1,
    batchBytes: settings.memory / 2,
    failuresToOpen: limits.failuresToOpen,
    graceMs: limits.graceMs,
    sharing,
  };
}
