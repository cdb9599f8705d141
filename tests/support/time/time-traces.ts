import type { RunTraces } from "../../../src/time/run-traces.ts";

/** What to store of a run, with the given parts. */
export function timeTraces(
  trueAtMs: number | null,
  { run, ...rest }: { readonly run?: Partial<RunTraces["run"]> } & Partial<Omit<RunTraces, "run">> = {},
): RunTraces {
  return {
    run: {
      startedAtMs: 1_000,
      trueAtMs,
      source: "ntp",
      server: "ntp.example",
      offsetS: 0.5,
      errorBoundS: 0.01,
      delayS: 0.02,
      driftPpm: null,
      action: "none",
      serversAsked: 3,
      serversAnswered: 2,
      serversAgreeing: 2,
      queries: 4,
      successes: 2,
      timeouts: 2,
      rejected: "{}",
      dnsHits: 1,
      dnsMisses: 0,
      fellBack: 0,
      durationMs: 12.5,
      ...run,
    },
    health: [],
    names: [],
    sample: null,
    savedMs: null,
    ...rest,
  };
}
