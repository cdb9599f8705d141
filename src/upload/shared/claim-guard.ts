import { RENEW_MS } from "../plan/in-doubt.ts";

/**
 * For so long a claim counts as surely held: well below a lease, and below the RENEW_MS that whoever takes over from a
 * machine that died adds to the wait, so that the last byte never goes out later than that machine believes.
 */
const SURE_MS = RENEW_MS - 500;

/**
 * How long claims are surely held, whatever the process and the machine slept through meanwhile. Each counts from the
 * moment before the shared store was asked to prolong it.
 */
export class ClaimGuard {
  readonly #bootMs: () => number;
  readonly #askedMs = new Map<number, number>();

  /** @param bootMs milliseconds since the machine's boot, sleep included (CLOCK_BOOTTIME). */
  constructor(bootMs: () => number) {
    this.#bootMs = bootMs;
  }

  /** To be taken before the shared store is asked. */
  now(): number {
    return this.#bootMs();
  }

  /** Claims, by number, were prolonged by what was asked at a moment. */
  hold(numbers: Iterable<number>, askedMs: number): void {
    for (const number of numbers) this.#askedMs.set(number, askedMs);
  }

  drop(number: number): void {
    this.#askedMs.delete(number);
  }

  isSure(number: number): boolean {
    const askedMs = this.#askedMs.get(number);
    return askedMs !== undefined && this.#bootMs() - askedMs < SURE_MS;
  }
}
