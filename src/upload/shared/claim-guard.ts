import { RENEW_MS } from "../plan/in-doubt.ts";

/**
 * How long a claim is certain to hold after it was requested. This is well below a lease, and below the RENEW_MS that a
 * machine taking over from a dead one adds to its wait, so the last byte never goes out later than that machine
 * assumes.
 */
const SURE_MS = RENEW_MS - 500;

/**
 * Which claims are certain to still hold, even if the process or the machine has slept. Each is timed from the moment
 * before the shared store was asked to renew it.
 */
export class ClaimGuard {
  readonly #bootMs: () => number;
  readonly #askedMs = new Map<number, number>();

  /** @param bootMs milliseconds since the machine's boot, sleep included (CLOCK_BOOTTIME). */
  constructor(bootMs: () => number) {
    this.#bootMs = bootMs;
  }

  /** The time to pass to `hold`; read it before asking the shared store. */
  now(): number {
    return this.#bootMs();
  }

  /** Claims, by number, were renewed by a request made at `askedMs`. */
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
