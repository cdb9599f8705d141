import { HELD_UP_TO_BYTES } from "../upload-item.ts";
import type { Work } from "./work.ts";

/** From this share of known contents on, asking first is cheaper than sending. */
const HOT_SHARE = 0.3;
/** Each answer moves the share by a tenth of the way: about the last 20 count. */
const WEIGHT = 0.1;
const SINGLES_AT_ONCE = 8;

/**
 * Which contents the server is asked for while they wait in line, so that asking never takes an upload's time: what it
 * has is not sent, and what is at its turn before the answer is sent unasked (a 409 tells as well). The answer is
 * waited for only where the server turns out to know much of what comes, and for large contents. One by one it is
 * asked only then; in bulk always.
 */
export class AskAhead {
  #isBulk = false;
  #asking = 0;
  #share = 0;

  begin(isBulk: boolean): void {
    this.#isBulk = isBulk;
  }

  /** The server has shown to know much of what comes. */
  get #isHot(): boolean {
    return this.#share >= HOT_SHARE;
  }

  /** Whether a content may be sent without (another) answer. */
  mayGo(work: Work): boolean {
    if (work.asked === "absent" || work.attempts > 0 || work.isMaybeOurs) return true;
    return !this.#isHot && work.file.sizeBytes <= HELD_UP_TO_BYTES;
  }

  /** Learns from an answer whether the server had a content. */
  learn(wasThere: boolean): void {
    this.#share += WEIGHT * ((wasThere ? 1 : 0) - this.#share);
  }

  /** What is to be asked for now, of what waits in line. */
  next(queued: ReadonlySet<Work>): { works: Work[]; inBulk: boolean } | null {
    const isBulk = this.#isBulk && this.#asking === 0;
    if (!isBulk && this.#asking >= SINGLES_AT_ONCE) return null;
    const isWanted = (work: Work): boolean =>
      work.asked === "no" && work.attempts === 0 && (isBulk || !this.mayGo(work));
    const works: Work[] = [];
    for (const work of queued) {
      if (!isWanted(work)) continue;
      works.push(work);
      if (!isBulk) break;
    }
    const isWorthIt = works.length > 1 || (works[0] !== undefined && !this.mayGo(works[0]));
    if (!isWorthIt) return null;
    this.#asking += 1;
    for (const work of works) work.asked = "waiting";
    return { works, inBulk: isBulk };
  }

  /** One of its questions has ended; `isBulkGone`: it could not be asked in bulk. */
  ended(isBulkGone: boolean): void {
    this.#asking -= 1;
    if (isBulkGone) this.#isBulk = false;
  }
}
