import { RENEW_MS } from "../plan/in-doubt.ts";

/**
 * How long a claim certainly holds after it was asked for: well below a lease, and below the RENEW_MS that a machine
 * which takes over from a dead one adds to its wait, so that the last byte never goes out later than that machine assumes.
 */
const SURE_MS = RENEW_MS - 500;

/**
 * Which claims certainly still hold, even if the process or the machine has slept. Each counts from the moment before the
 * shared store was asked to prolong it.
 */
export class ClaimGuard {
  readonly #bootMs: () => number;
  readonly #askedMs = new Map<number, number>();

  /** @param bootMs milliseconds since the machine's boot, sleep included (CLOCK_BOOTTIME). */
  constructor(bootMs: () => number) {
    this.#bootMs = bootMs;
  }

  /** The moment for `hold`, to be read before the shared store is asked. */
  now(): number {
    return this.#bootMs();
  }

  /** Claims, by number, were prolonged by a request made at `askedMs`. */
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
