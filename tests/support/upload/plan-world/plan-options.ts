import type { PlanOptions } from "../../../../src/upload/plan/upload-plan.ts";

/** Options of a plan that gives up soon and uses no randomness. */
export function modelPlanOptions(
  given: Omit<PlanOptions, "retryFailed" | "inFlight" | "retry" | "batchBytes" | "graceMs"> & {
    readonly workers: number;
    readonly retries: number;
    readonly ambiguousWaitMs: number;
  },
): PlanOptions {
  const { workers, retries, ambiguousWaitMs, ...rest } = given;
  return {
    ...rest,
    retryFailed: false,
    inFlight: { type: "fixed", workers },
    retry: {
      retries,
      backoff: { baseMs: 100, maxMs: 1_000 },
      ambiguousWaitMs,
      outageWaitMs: 5_000,
      random: () => 0.5,
    },
    batchBytes: 1e6,
    graceMs: 500,
  };
}
