import type { Ledger } from "./ledger.ts";
import { RENEW_MS } from "./next-step.ts";
import type { Work } from "./work.ts";

export interface SendingRowsOptions {
  readonly ledger: Pick<Ledger, "sending" | "renew" | "hurry">;
  /** A unit has become ready to be taken. */
  readonly onReady: () => void;
  /** The store cannot be written. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * The contents whose rows say `sending`. Units, what goes in one request, are booked ahead of their turn, so that an
 * upload never waits for a commit; from then until they are settled their rows are renewed, so that what a kill leaves
 * behind tells how lately it may have been sent.
 */
export class SendingRows implements Disposable {
  readonly #options: SendingRowsOptions;
  readonly #renewal: ReturnType<typeof setInterval>;
  readonly #works = new Set<Work>();
  #ready: (readonly Work[])[] = [];
  /** Booked in vain: never to be taken, only to be withdrawn. */
  #failed: Work[] = [];
  #committing = 0;

  constructor(options: SendingRowsOptions) {
    this.#options = options;
    this.#renewal = setInterval(() => this.#renew(), RENEW_MS);
  }

  /** Units that are booked and not taken. */
  get ahead(): number {
    return this.#committing + this.#ready.length;
  }

  /** Some units' rows are not on the disk yet. */
  get isCommitting(): boolean {
    return this.#committing > 0;
  }

  book(unit: readonly Work[]): void {
    this.#committing += 1;
    void this.#commit(unit);
  }

  /** The unit whose turn it is: its rows are on the disk, so its first byte may go out. */
  take(): readonly Work[] | undefined {
    return this.#ready.shift();
  }

  /** There is hardly anything else to do than to wait for what was booked. */
  hurry(): void {
    if (this.#committing > 0) this.#options.ledger.hurry();
  }

  /** They are not sent any more, whatever came of it. */
  settled(works: readonly Work[]): void {
    for (const work of works) this.#works.delete(work);
  }

  /** Takes back all that was not taken: none of it was sent. */
  withdraw(): Work[] {
    const works = [...this.#ready.splice(0).flat(), ...this.#failed.splice(0)];
    this.settled(works);
    return works;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#renewal);
  }

  async #commit(unit: readonly Work[]): Promise<void> {
    const { ledger, onReady, onBroken } = this.#options;
    try {
      await ledger.sending(unit.map(({ checksum, file }) => ({ checksum, path: file.path })));
      for (const work of unit) this.#works.add(work);
      this.#ready.push(unit);
    } catch (error) {
      this.#failed.push(...unit);
      onBroken(error);
    }
    this.#committing -= 1;
    onReady();
  }

  #renew(): void {
    if (this.#works.size === 0) return;
    const { ledger, onBroken } = this.#options;
    try {
      ledger.renew([...this.#works].map(({ checksum }) => checksum));
    } catch (error) {
      onBroken(error);
    }
  }
}
