import { adapt, type Adaptation, beginAdaptation } from "./adaptation.ts";

export type InFlightOptions =
  | { readonly type: "fixed"; readonly workers: number }
  | { readonly type: "adaptive"; readonly min: number; readonly max: number; readonly initial: number };

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** How many requests are in flight, and may be, learnt from what each came to. */
export class InFlight {
  readonly #options: InFlightOptions;
  #adaptation: Adaptation | null;
  #limit: number;
  #active = 0;
  #peak = 0;
  #latenciesMs: number[] = [];
  #isSaturated = false;
  #loadPerCore = 0;
  /** Requests still to come back that were begun under an earlier limit: they do not tell of this one. */
  #stale = 0;

  constructor(options: InFlightOptions) {
    this.#options = options;
    this.#limit = options.type === "fixed" ? options.workers : Math.max(options.min, options.initial);
    this.#adaptation = options.type === "fixed" ? null : beginAdaptation(this.#limit, options);
  }

  /** Allowed at once now. */
  get limit(): number {
    return this.#limit;
  }

  get active(): number {
    return this.#active;
  }

  /** Most that were ever in flight at once. */
  get peak(): number {
    return this.#peak;
  }

  /** How short this machine is of what uploads take: runnable processes for each core. */
  measured(loadPerCore: number): void {
    this.#loadPerCore = loadPerCore;
  }

  begin(): void {
    this.#active += 1;
    this.#peak = Math.max(this.#peak, this.#active);
    if (this.#active >= this.#limit) this.#isSaturated = true;
  }

  /** One is over. `rejected`: refused or lost for load (429, 503, a time-out). */
  end({ latencyMs, rejected }: { latencyMs: number; rejected: boolean }): void {
    this.#active -= 1;
    if (this.#stale > 0) {
      this.#stale -= 1;
      return;
    }
    if (!rejected) this.#latenciesMs.push(latencyMs);
    if (rejected || this.#latenciesMs.length >= this.#limit) this.#endRound(rejected);
  }

  #endRound(rejected: boolean): void {
    if (this.#options.type === "fixed" || this.#adaptation === null) {
      this.#latenciesMs = [];
      return;
    }
    const round = {
      medianLatencyMs: median(this.#latenciesMs),
      rejected,
      loadPerCore: this.#loadPerCore,
      saturated: this.#isSaturated,
    };
    this.#adaptation = adapt(this.#adaptation, round, this.#options);
    const limit = Math.floor(this.#adaptation.limit);
    // After a cut, what was under way already may be refused too: it counts as the same refusal.
    this.#stale = limit < this.#limit ? this.#active : 0;
    this.#limit = limit;
    this.#latenciesMs = [];
    this.#isSaturated = false;
  }
}
