import { adapt, type Adaptation, beginAdaptation, type Bounds } from "./adaptation.ts";

export type InFlightOptions =
  /** This many, lowered only by a server that refuses some of them. */
  | { readonly type: "fixed"; readonly workers: number }
  | ({ readonly type: "adaptive"; readonly initial: number } & Bounds);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** How many requests are in flight, and how many may be, learnt from their results. */
export class InFlight {
  readonly #bounds: Bounds;
  #adaptation: Adaptation;
  #limit: number;
  #active = 0;
  #peak = 0;
  #latenciesMs: number[] = [];
  #isSaturated = false;
  /** The last measurement, and the highest in this round. */
  #runDelay = 0;
  #mostRunDelay = 0;
  /** Requests still in flight that began under an earlier limit: their results say nothing about this one. */
  #stale = 0;

  constructor(options: InFlightOptions) {
    const isFixed = options.type === "fixed";
    this.#bounds = isFixed ? { calm: options.workers, max: options.workers } : options;
    this.#adaptation = beginAdaptation(isFixed ? options.workers : options.initial, this.#bounds);
    this.#limit = this.#adaptation.limit;
  }

  /** How many are allowed at once now. */
  get limit(): number {
    return this.#limit;
  }

  get active(): number {
    return this.#active;
  }

  /** The most that were ever in flight at once. */
  get peak(): number {
    return this.#peak;
  }

  /** @param runDelay the share of the time since the last measurement that this thread waited for a processor. */
  measured(runDelay: number): void {
    this.#runDelay = runDelay;
    this.#mostRunDelay = Math.max(this.#mostRunDelay, runDelay);
  }

  begin(): void {
    this.#active += 1;
    this.#peak = Math.max(this.#peak, this.#active);
    if (this.#active >= this.#limit) this.#isSaturated = true;
  }

  /** A request that was counted has not been started. */
  cancel(): void {
    this.#active -= 1;
    if (this.#stale > 0) this.#stale -= 1;
  }

  /** A request has ended. `rejected`: refused because of load (429, 503). */
  end({ latencyMs, rejected }: { latencyMs: number; rejected: boolean }): void {
    this.#active -= 1;
    if (this.#stale > 0) {
      this.#stale -= 1;
      return;
    }
    if (!rejected) this.#latenciesMs.push(latencyMs);
    if (rejected || this.#latenciesMs.length >= this.#limit) this.#endRound(rejected);
  }

  /** A request other than an upload was refused because of load. A burst of refusals counts once. */
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
    // After a cut, requests already in flight may be refused too: they count as the same refusal.
    this.#stale = rejected || limit < this.#limit ? this.#active : 0;
    this.#limit = limit;
    this.#latenciesMs = [];
    this.#isSaturated = false;
    this.#mostRunDelay = this.#runDelay;
  }
}
