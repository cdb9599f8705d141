import type { RunLimits } from "./limits.ts";
import type { SyncSettings } from "./options.ts";
import type { SharingOptions } from "./plan/sharing/sharing.ts";
import type { PlanOptions } from "./plan/upload-plan.ts";

const CALM_WORKERS = 5;

/** What a plan decides by, from what a person has set. `isBatchRefused`: this destination refused batches lately. */
export function planOptions(
  settings: SyncSettings,
  limits: RunLimits,
  run: {
    readonly id: number;
    readonly refusesBatches: boolean;
    readonly refusesDuplicates: boolean;
    readonly sharing: SharingOptions | null;
  },
): PlanOptions {
  const workers = settings.workers ?? (settings.bulk ? "auto" : CALM_WORKERS);
  return {
    runId: run.id,
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
    refusesDuplicates: run.refusesDuplicates,
    batchItems: settings.bulk && !run.refusesBatches ? settings.batchItems : 1,
    batchBytes: settings.memory / 2,
    failuresToOpen: limits.failuresToOpen,
    graceMs: limits.graceMs,
    sharing: run.sharing,
  };
}
