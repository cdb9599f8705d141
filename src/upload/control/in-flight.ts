import { adapt, type Adaptation, beginAdaptation, type Bounds } from "./adaptation.ts";

export type InFlightOptions =
  /** So many, but for a server that refuses some of them. */
  | { readonly type: "fixed"; readonly workers: number }
  | ({ readonly type: "adaptive"; readonly initial: number } & Bounds);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** How many requests are in flight, and may be, learnt from what each came to. */
export class InFlight {
  readonly #bounds: Bounds;
  #adaptation: Adaptation;
  #limit: number;
  #active = 0;
  #peak = 0;
  #latenciesMs: number[] = [];
  #isSaturated = false;
  /** As it was measured last, and at most in this round. */
  #runDelay = 0;
  #mostRunDelay = 0;
  /** Requests still to come back that were begun under an earlier limit: they do not tell of this one. */
  #stale = 0;

  constructor(options: InFlightOptions) {
    const isFixed = options.type === "fixed";
    this.#bounds = isFixed ? { calm: options.workers, max: options.workers } : options;
    this.#adaptation = beginAdaptation(isFixed ? options.workers : options.initial, this.#bounds);
    this.#limit = this.#adaptation.limit;
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

  /** @param runDelay the share of the last while in which this thread waited for a processor. */
  measured(runDelay: number): void {
    this.#runDelay = runDelay;
    this.#mostRunDelay = Math.max(this.#mostRunDelay, runDelay);
  }

  begin(): void {
    this.#active += 1;
    this.#peak = Math.max(this.#peak, this.#active);
    if (this.#active >= this.#limit) this.#isSaturated = true;
  }

  /** One was not begun after all. */
  cancel(): void {
    this.#active -= 1;
    if (this.#stale > 0) this.#stale -= 1;
  }

  /** One is over. `rejected`: refused for load (429, 503). */
  end({ latencyMs, rejected }: { latencyMs: number; rejected: boolean }): void {
    this.#active -= 1;
    if (this.#stale > 0) {
      this.#stale -= 1;
      return;
    }
    if (!rejected) this.#latenciesMs.push(latencyMs);
    if (rejected || this.#latenciesMs.length >= this.#limit) this.#endRound(rejected);
  }

  /** Something beside the uploads was refused for load; one of a burst counts. */
  rejected(): void {
    if (this.#stale === 0) this.#endRound(true);
  }

  #endRound(rejected: boolean): void {
    const round = {
      medianLatencyMs: median(this.#latenciesMs),
      rejected,
      runDelay: this.#mostRunDelay,
      saturated: this.#isSaturated,
    };
    this.#adaptation = adapt(this.#adaptation, round, this.#bounds);
    const limit = Math.floor(this.#adaptation.limit);
    // After a cut, what was under way already may be refused too: it counts as the same refusal.
    this.#stale = rejected || limit < this.#limit ? this.#active : 0;
    this.#limit = limit;
    this.#latenciesMs = [];
    this.#isSaturated = false;
    this.#mostRunDelay = this.#runDelay;
  }
}
