import type { Store } from "../../db/open.ts";
import { TimeMemory } from "../../time/memory.ts";
import { demoMeasurement, MEASURED_EVERY_MS } from "./clock.ts";

const DAY_MS = 86_400_000;
/** More than a week of measurements, so that a demo that is left running does not grow without limit. */
const LIMITS = { runsKept: 2_100, samplesKept: 1 };

/** The measurements of the last day, and new ones as time passes. */
export class ClockStory {
  readonly #memory: TimeMemory;
  readonly #seed: number;
  #nextMs: number;

  constructor(store: Store, { nowMs, seed }: { readonly nowMs: number; readonly seed: number }) {
    this.#memory = new TimeMemory(store);
    this.#seed = seed;
    this.#nextMs = Math.ceil((nowMs - DAY_MS) / MEASURED_EVERY_MS) * MEASURED_EVERY_MS;
    this.advance(nowMs);
  }

  /** Makes the measurements that are due. */
  advance(nowMs: number): void {
    for (; this.#nextMs <= nowMs; this.#nextMs += MEASURED_EVERY_MS)
      this.#memory.record(demoMeasurement(this.#nextMs, this.#seed, this.#memory.health()), LIMITS);
  }
}
