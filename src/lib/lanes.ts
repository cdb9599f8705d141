/** Keeps up to `size` tasks at work at once, and hands out what each comes to, whichever is first. */
export class Lanes<T> {
  readonly #size: number;
  readonly #running = new Set<Promise<void>>();
  readonly #results: PromiseSettledResult<T>[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** As many are at work, or wait to be taken, as there may be. */
  get isFull(): boolean {
    return this.#running.size + this.#results.length >= this.#size;
  }

  get isEmpty(): boolean {
    return this.#running.size + this.#results.length === 0;
  }

  add(task: () => Promise<T>): void {
    const running = task()
      .then(
        (value) => this.#results.push({ status: "fulfilled", value }),
        (reason: unknown) => this.#results.push({ status: "rejected", reason }),
      )
      .then(() => {
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  /** What the next task comes to; there has to be one. Throws what the task throws. */
  async next(): Promise<T> {
    while (this.#results.length === 0) await Promise.race(this.#running);
    const result = this.#results.shift();
    if (result === undefined) throw new Error("Cannot take a result: no task is at work");
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }

  /** Resolves when no task is at work any more; what they came to is dropped. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
    this.#results.length = 0;
  }
}
