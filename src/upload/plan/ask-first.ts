import { HELD_UP_TO_BYTES } from "../limits.ts";
import type { Work } from "./work.ts";
import type { Works } from "./works.ts";

/** Where the server refuses duplicates by itself: from this share of known contents on, asking first is cheaper. */
const HOT_SHARE = 0.3;
/** Each answer moves the share by a tenth of the way: about the last 20 count. */
const WEIGHT = 0.1;
const NOTHING: readonly Work[] = [];

/**
 * Whether a content may be sent, and which ones the server is asked for before they are.
 *
 * | the server                  | sent unasked                     | asked for                                  |
 * | --------------------------- | -------------------------------- | ------------------------------------------ |
 * | cannot be asked             | all                              | none                                       |
 * | refuses duplicates (409)    | all but large ones, while it does not know much of what comes | the others; all in bulk |
 * | is not known to refuse them | none                             | all                                        |
 *
 * Contents are asked for while they wait in line, beside the uploads, so that asking takes no upload's time.
 */
export class AskFirst {
  readonly #works: Works;
  #refusesDuplicates: boolean;
  #isAskable = true;
  #share = 0;
  /** Those that got no answer and are asked for again, and when. */
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

  /** Whether the server itself refuses what it has, as far as is known. */
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

  /** What is to be asked for next of what waits in line; several only where they are asked for in bulk. */
  next(nowMs: number, inBulk: boolean): readonly Work[] {
    if (!this.#isAskable || this.#works.unasked.size + this.#again.size === 0) return NOTHING;
    for (const [work, atMs] of this.#again) {
      if (atMs > nowMs) continue;
      this.#again.delete(work);
      if (work.state.type === "queued") this.#works.ask(work, "no");
    }
    const works: Work[] = [];
    for (const work of this.#works.unasked) {
      if (!inBulk && !this.#mustAsk(work)) {
        // Where hardly anything has to be asked for there is no need to look at all of it.
        if (this.#isQuiet) break;
        continue;
      }
      works.push(work);
      if (!inBulk) break;
    }
    // One that may go unasked is not worth a question of its own.
    if (works.length === 1 && works[0] !== undefined && !this.#mustAsk(works[0])) return NOTHING;
    for (const work of works) this.#works.ask(work, "waiting");
    return works;
  }

  /** It got no answer: it is asked for again at a time. */
  again(work: Work, atMs: number): void {
    if (this.#isAskable) this.#again.set(work, atMs);
  }

  /** When the next one is to be asked for again. */
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
