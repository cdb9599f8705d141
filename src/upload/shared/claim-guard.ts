import { RENEW_MS } from "../plan/in-doubt.ts";
import type { HeldLease } from "../plan/sharing/share-requests.ts";

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

  /**
   * Claims on contents being sent that may have expired. They must not be taken back in a new epoch, even if nobody holds
   * them there: before it began, another machine may have taken over, sent the content and not yet published it. Contents
   * in other stages are looked up on the server before anything is sent.
   */
  lapsed<T extends HeldLease>(leases: readonly T[]): readonly T[] {
    return leases.filter(({ stage, number }) => stage === "sending" && !this.isSure(number));
  }

  isSure(number: number): boolean {
    const askedMs = this.#askedMs.get(number);
    return askedMs !== undefined && this.#bootMs() - askedMs < SURE_MS;
  }
}
