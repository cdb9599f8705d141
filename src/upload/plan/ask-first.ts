import { HELD_UP_TO_BYTES } from "../limits.ts";
import type { Work } from "./work.ts";
import type { Works } from "./works.ts";

/** For a server that refuses duplicates itself: from this share of known contents on, asking first is cheaper. */
const HOT_SHARE = 0.3;
/** Each answer moves the share by a tenth of the difference: about the last 20 count. */
const WEIGHT = 0.1;
const NOTHING: readonly Work[] = [];

/**
 * Whether a content may be sent, and for which ones the server is asked first.
 *
 * | the server                  | sent without asking                              | asked about              |
 * | --------------------------- | ------------------------------------------------ | ------------------------ |
 * | cannot be asked             | all                                              | none                     |
 * | refuses duplicates (409)    | all but large ones, while few turn out known     | the others; in bulk, all |
 * | is not known to refuse them | none                                             | all                      |
 *
 * The server is asked about contents while they wait in line, parallel to the uploads, so that asking delays no upload.
 */
export class AskFirst {
  readonly #works: Works;
  #refusesDuplicates: boolean;
  #isAskable = true;
  #share = 0;
  /** Contents without an answer, and when to ask about them again. */
  readonly #again = new Map<Work, number>();

  constructor(works: Works, refusesDuplicates: boolean) {
    this.#works = works;
    this.#refusesDuplicates = refusesDuplicates;
  }

  get refusesDuplicates(): boolean {
    return this.#refusesDuplicates;
  }

  get isAskable(): boolean {
    return this.#isAskable;
  }

  /** Sets whether the server itself is known to refuse contents that it has. */
  learnRefusal(refusesDuplicates: boolean): void {
    this.#refusesDuplicates = refusesDuplicates;
  }

  learnUnaskable(): void {
    this.#isAskable = false;
    this.#again.clear();
  }

  /** Learns from an answer whether the server had a content. */
  learn(wasThere: boolean): void {
    this.#share += WEIGHT * ((wasThere ? 1 : 0) - this.#share);
  }

  /** Whether a content may be sent without (another) answer. */
  mayGo(work: Work): boolean {
    return work.asked === "absent" || !this.#isAskable || !this.#mustAsk(work);
  }

  /** The next contents in line to ask about; more than one only in bulk. */
  next(nowMs: number, inBulk: boolean): readonly Work[] {
    if (!this.#isAskable || this.#works.unasked.size + this.#again.size === 0) return NOTHING;
    if (this.#again.size > 0) this.#askAgain(nowMs);
    const works = inBulk ? [...this.#works.unasked] : this.#firstToAsk();
    // A content that may be sent without asking is not worth a request of its own.
    if (works.length === 1 && works[0] !== undefined && !this.#mustAsk(works[0])) return NOTHING;
    for (const work of works) this.#works.ask(work, "waiting");
    return works;
  }

  #askAgain(nowMs: number): void {
    for (const [work, atMs] of this.#again) {
      if (atMs > nowMs) continue;
      this.#again.delete(work);
      // Even if it is not in line now: it may have been sent without asking, and need asking about once it is back.
      this.#works.ask(work, "no");
    }
  }

  #firstToAsk(): readonly Work[] {
    for (const work of this.#works.unasked) {
      if (this.#mustAsk(work)) return [work];
      // If hardly any content has to be asked about, there is no need to look at all of them.
      if (this.#isQuiet) break;
    }
    return NOTHING;
  }

  /** There was no answer about a content: ask again at `atMs`. */
  again(work: Work, atMs: number): void {
    if (this.#isAskable) this.#again.set(work, atMs);
  }

  /** When to ask again about the next content. */
  get wakeAtMs(): number {
    if (this.#again.size === 0) return Infinity;
    let nextMs = Infinity;
    for (const atMs of this.#again.values()) nextMs = Math.min(nextMs, atMs);
    return nextMs;
  }

  get #isQuiet(): boolean {
    return this.#refusesDuplicates && this.#share < HOT_SHARE;
  }

  #mustAsk(work: Work): boolean {
    return !this.#isQuiet || work.file.sizeBytes > HELD_UP_TO_BYTES;
  }
}
