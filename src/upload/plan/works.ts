import type { Asked, OpenState, Work, WorkState } from "./work.ts";

/**
 * The contents taken in and not settled yet: at most one work for each. The state of a work is the truth; the sets only
 * find the works in a state, in the order in which they entered it.
 */
export class Works {
  readonly #byChecksum = new Map<string, Work>();
  readonly #unasked = new Set<Work>();
  readonly #sets: Readonly<Record<OpenState, Set<Work>>> = {
    unclaimed: new Set(),
    claiming: new Set(),
    elsewhere: new Set(),
    queued: new Set(),
    reserving: new Set(),
    reserved: new Set(),
    marking: new Set(),
    sending: new Set(),
    backoff: new Set(),
    "in-doubt": new Set(),
  };

  /** The works in each state. */
  readonly in: Readonly<Record<OpenState, ReadonlySet<Work>>> = this.#sets;

  get size(): number {
    return this.#byChecksum.size;
  }

  /** Works in line that the server was not asked about. */
  get unasked(): ReadonlySet<Work> {
    return this.#unasked;
  }

  all(): Iterable<Work> {
    return this.#byChecksum.values();
  }

  get(checksum: string): Work | undefined {
    return this.#byChecksum.get(checksum);
  }

  count(states: readonly OpenState[]): number {
    let count = 0;
    for (const state of states) count += this.#sets[state].size;
    return count;
  }

  add(work: Work): void {
    this.#byChecksum.set(work.checksum, work);
    this.#enter(work);
  }

  move(work: Work, state: WorkState): void {
    if (work.state.type !== "settled") this.#sets[work.state.type].delete(work);
    this.#unasked.delete(work);
    work.state = state;
    if (state.type === "settled") this.#byChecksum.delete(work.checksum);
    this.#enter(work);
  }

  ask(work: Work, asked: Asked): void {
    work.asked = asked;
    if (asked !== "no") this.#unasked.delete(work);
    else if (work.state.type === "queued") this.#unasked.add(work);
  }

  #enter(work: Work): void {
    if (work.state.type !== "settled") this.#sets[work.state.type].add(work);
    if (work.state.type === "queued" && work.asked === "no") this.#unasked.add(work);
  }
}
