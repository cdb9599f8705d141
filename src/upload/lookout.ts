import pLimit from "p-limit";
import { Delayed } from "../lib/delayed.ts";
import type { CheckOutcome, TanovaClient } from "./tanova/types.ts";
import { afterLook, type LookSpan } from "./next-step.ts";
import type { Work } from "./work.ts";

export interface LookoutOptions {
  readonly client: TanovaClient;
  readonly now: () => number;
  readonly cut: AbortSignal;
  /** Nobody waits for answers any more. */
  readonly isEnding: () => boolean;
  /** The server has it. */
  readonly onThere: (work: Work) => void;
  /** It has been looked for long enough. */
  readonly onAbsent: (work: Work) => void;
  readonly onEnding: (work: Work) => void;
  /** After each round of answers. */
  readonly onRound: () => void;
}

const CHECKS_AT_ONCE = 4;

/** Looks for uploads that got no answer, beside the uploads and never in their way. */
export class Lookout {
  readonly #options: LookoutOptions;
  readonly #due: Delayed<Work>;
  readonly #limit = pLimit(CHECKS_AT_ONCE);
  #asking = 0;

  constructor(options: LookoutOptions) {
    this.#options = options;
    this.#due = new Delayed({ now: options.now, onDue: (works) => void this.#look(works) });
  }

  /** How many wait for their next look. */
  get waiting(): number {
    return this.#due.size;
  }

  get isAsking(): boolean {
    return this.#asking > 0;
  }

  add(work: Work, span: LookSpan): void {
    work.isMaybeOurs = true;
    work.looks = 0;
    work.lookSpan = span;
    this.#due.add(work, 0);
  }

  clear(): Work[] {
    return this.#due.clear();
  }

  /** Several are asked for in one call where the server offers it. */
  async #look(works: readonly Work[]): Promise<void> {
    const { client, cut, isEnding, onRound } = this.#options;
    this.#asking += 1;
    const checksums = works.map(({ checksum }) => checksum);
    const there = works.length > 1 ? await client.checkMany(checksums, cut) : null;
    await Promise.all(
      works.map((work) =>
        this.#limit(async () => {
          if (there !== null) this.#looked(work, there.has(work.checksum) ? "there" : "absent");
          else this.#looked(work, isEnding() ? "unknown" : await client.check(work.checksum, cut));
        }),
      ),
    );
    this.#asking -= 1;
    onRound();
  }

  #looked(work: Work, found: CheckOutcome): void {
    const { now, isEnding, onThere, onAbsent, onEnding } = this.#options;
    work.looks += 1;
    const step = afterLook(found, work.looks, now(), work.lookSpan);
    if (step.type === "done") onThere(work);
    else if (isEnding()) onEnding(work);
    else if (step.type === "again") this.#due.add(work, step.delayMs);
    else onAbsent(work);
  }
}
