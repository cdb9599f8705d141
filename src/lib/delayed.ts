/** Things that are due later, held by one timer. Times are of the given clock, in milliseconds. */
export class Delayed<T> {
  readonly #now: () => number;
  readonly #onDue: (items: T[]) => void;
  /** The earliest last. */
  readonly #items: { readonly dueMs: number; readonly item: T }[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `onDue` is handed all that is due at once. */
  constructor(options: { now: () => number; onDue: (items: T[]) => void }) {
    this.#now = options.now;
    this.#onDue = options.onDue;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: T, delayMs: number): void {
    const dueMs = this.#now() + delayMs;
    let at = this.#items.length;
    while (at > 0 && (this.#items[at - 1]?.dueMs ?? Infinity) < dueMs) at -= 1;
    this.#items.splice(at, 0, { dueMs, item });
    this.#arm();
  }

  /** Takes everything back out, due or not. */
  clear(): T[] {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return this.#items.splice(0).map(({ item }) => item);
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const next = this.#items.at(-1);
    this.#timer =
      next === undefined ? null : setTimeout(() => this.#fire(), Math.max(0, next.dueMs - this.#now()));
  }

  #fire(): void {
    const due: T[] = [];
    const now = this.#now();
    for (let next = this.#items.at(-1); next !== undefined && next.dueMs <= now; next = this.#items.at(-1)) {
      due.push(next.item);
      this.#items.pop();
    }
    this.#arm();
    if (due.length > 0) this.#onDue(due);
  }
}
