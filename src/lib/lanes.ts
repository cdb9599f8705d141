/** Keeps up to `size` tasks at work at once, and hands out what each comes to, whichever is first. */
export class Lanes<T> {
  readonly #size: number;
  readonly #running = new Map<number, Promise<void>>();
  readonly #results: PromiseSettledResult<T>[] = [];
  #lastId = 0;

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

  add(task: Promise<T>): void {
    this.#lastId += 1;
    this.#running.set(this.#lastId, this.#run(this.#lastId, task));
  }

  /** What the next task comes to; there has to be one. Throws what the task throws. */
  async next(): Promise<T> {
    while (this.#results.length === 0 && this.#running.size > 0) await Promise.race(this.#running.values());
    const result = this.#results.shift();
    if (result === undefined) throw new Error("Cannot take a result: no task is at work");
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }

  async #run(id: number, task: Promise<T>): Promise<void> {
    const [result] = await Promise.allSettled([task]);
    this.#running.delete(id);
    this.#results.push(result);
  }
}
