import type { TanovaClient } from "./tanova/types.ts";
import type { Work } from "./work.ts";

/** From this share of known contents on, asking first is cheaper than sending. */
const HOT_SHARE = 0.3;
/** Each answer moves the share by a tenth of the way: about the last 20 count. */
const WEIGHT = 0.1;
const SINGLES_AT_ONCE = 8;

/**
 * Asks the server for contents while they wait in line, so that asking never takes an upload's time: what it has is
 * not sent, and what is at its turn before the answer is sent unasked (a 409 tells as well). Only where the server
 * turns out to know much of what comes is the answer waited for. One by one it is asked only then; in bulk always.
 */
export class AskAhead {
  readonly #client: TanovaClient;
  readonly #signal: AbortSignal;
  readonly #onAnswer: (works: readonly Work[], there: ReadonlySet<string> | null) => void;
  #isBulk = false;
  #asking = 0;
  #share = 0;

  constructor(
    client: TanovaClient,
    signal: AbortSignal,
    onAnswer: (works: readonly Work[], there: ReadonlySet<string> | null) => void,
  ) {
    this.#client = client;
    this.#signal = signal;
    this.#onAnswer = onAnswer;
  }

  begin(isBulk: boolean): void {
    this.#isBulk = isBulk;
  }

  /** The server has shown to know much of what comes. */
  get isHot(): boolean {
    return this.#share >= HOT_SHARE;
  }

  /** Learns from an answer whether the server had a content. */
  learn(wasThere: boolean): void {
    this.#share += WEIGHT * ((wasThere ? 1 : 0) - this.#share);
  }

  /** Asks for what waits in line and was not asked for yet. */
  consider(ready: readonly Work[]): void {
    if (this.#isBulk) {
      if (this.#asking > 0) return;
      const works = ready.filter((work) => work.asked === "no" && work.attempts === 0);
      if (works.length > 1 || (this.isHot && works.length > 0)) void this.#askMany(works);
      return;
    }
    if (!this.isHot) return;
    for (const work of ready) {
      if (this.#asking >= SINGLES_AT_ONCE) return;
      if (work.asked === "no") void this.#askOne(work);
    }
  }

  async #askMany(works: readonly Work[]): Promise<void> {
    this.#asking += 1;
    for (const work of works) work.asked = "waiting";
    const there = await this.#client.checkMany(
      works.map(({ checksum }) => checksum),
      this.#signal,
    );
    this.#asking -= 1;
    if (there === null) this.#isBulk = false;
    else for (const { checksum } of works) this.learn(there.has(checksum));
    this.#onAnswer(works, there);
  }

  async #askOne(work: Work): Promise<void> {
    this.#asking += 1;
    work.asked = "waiting";
    const found = await this.#client.check(work.checksum, this.#signal);
    this.#asking -= 1;
    this.learn(found === "there");
    this.#onAnswer([work], new Set(found === "there" ? [work.checksum] : []));
  }
}
