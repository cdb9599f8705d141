/** Runs up to `size` tasks at once and returns their results in the order in which they finish. */
export class Lanes<T> {
  readonly #size: number;
  readonly #running = new Map<number, Promise<void>>();
  readonly #results: PromiseSettledResult<T>[] = [];
  #lastId = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** No more tasks can be added: as many as allowed are running or have results waiting. */
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

  /** The result of the next task to finish; there must be one. Throws what the task throws. */
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
