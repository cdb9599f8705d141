import { TaskGroup } from "../../lib/task-group.ts";
import { nextTurn, wait } from "../../lib/wait.ts";
import { CROWDED_MS, type ScanEvent } from "../scan/scan.ts";

const SLICE_ENTRIES = 256;

/** Counts the CVs of a tree ahead of the run that processes it, in slices, so that everything else gets its turn. */
export class TreeCounter implements AsyncDisposable {
  readonly #events: (() => Iterable<ScanEvent>) | null;
  readonly #signal: AbortSignal;
  readonly #tasks = new TaskGroup();
  #isBegun = false;
  #total: number | null = null;

  /** @param events null if there is nothing to count. */
  constructor(events: (() => Iterable<ScanEvent>) | null, signal: AbortSignal) {
    this.#events = events;
    this.#signal = signal;
  }

  /** null until the whole tree has been counted. */
  get total(): number | null {
    return this.#total;
  }

  begin(): void {
    if (this.#isBegun || this.#events === null) return;
    this.#isBegun = true;
    // A tree that cannot be read has no total; the run itself finds and reports the error.
    this.#tasks.add(this.#count(this.#events()), () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks.idle();
  }

  async #count(events: Iterable<ScanEvent>): Promise<void> {
    let files = 0;
    let seen = 0;
    for (const event of events) {
      const count = event.type === "files" ? event.page.size : 1;
      if (event.type === "crowded") await wait(CROWDED_MS, this.#signal);
      else if (event.type === "files" || event.type === "unreadable") files += count;
      seen += count;
      if (seen < SLICE_ENTRIES && event.type !== "pause") continue;
      seen = 0;
      if (this.#signal.aborted) return;
      await nextTurn();
    }
    this.#total = files;
  }
}
