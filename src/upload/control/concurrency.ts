import pLimit from "p-limit";
import { adapt, beginAdaptation } from "./adaptation.ts";

/** What one upload came to, as far as its number at once goes. */
interface Sample {
  readonly latencyMs: number;
  /** Refused or lost for load: 429, 503, a time-out. */
  readonly rejected: boolean;
}

/** Runs uploads, only so many at once. */
export interface Concurrency {
  run<T>(work: () => Promise<T>): Promise<T>;
  record(sample: Sample): void;
  /** Allowed at once now. */
  readonly limit: number;
  readonly active: number;
  /** Most that were ever at work at once. */
  readonly peak: number;
}

export type ConcurrencyOptions =
  | { readonly type: "fixed"; readonly workers: number }
  | {
      readonly type: "adaptive";
      readonly min: number;
      readonly max: number;
      readonly initial: number;
      /** Runnable processes for each core, asked once a round. */
      readonly loadPerCore: () => number;
    };

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

export function createConcurrency(options: ConcurrencyOptions): Concurrency {
  const initial = options.type === "fixed" ? options.workers : Math.max(options.min, options.initial);
  const limiter = pLimit(initial);
  let peak = 0;
  let state = options.type === "fixed" ? null : beginAdaptation(initial, options);
  let latencies: number[] = [];
  let isSaturated = false;
  /** Samples still to come of uploads that were begun under an earlier limit: they do not tell of this one. */
  let stale = 0;

  const endRound = (rejected: boolean): void => {
    if (state === null || options.type === "fixed") return;
    const round = {
      medianLatencyMs: median(latencies),
      rejected,
      loadPerCore: options.loadPerCore(),
      saturated: isSaturated,
    };
    state = adapt(state, round, options);
    const limit = Math.floor(state.limit);
    // After a cut, what was under way already may be refused too: it counts as the same refusal.
    stale = limit < limiter.concurrency ? limiter.activeCount : 0;
    if (limit !== limiter.concurrency) limiter.concurrency = limit;
    latencies = [];
    isSaturated = false;
  };

  return {
    run: (work) =>
      limiter(() => {
        peak = Math.max(peak, limiter.activeCount);
        if (limiter.activeCount >= limiter.concurrency) isSaturated = true;
        return work();
      }),
    record: ({ latencyMs, rejected }) => {
      if (stale > 0) {
        stale -= 1;
        return;
      }
      if (rejected) {
        endRound(true);
        return;
      }
      latencies.push(latencyMs);
      if (latencies.length >= limiter.concurrency) endRound(false);
    },
    get limit() {
      return limiter.concurrency;
    },
    get active() {
      return limiter.activeCount;
    },
    get peak() {
      return peak;
    },
  };
}
