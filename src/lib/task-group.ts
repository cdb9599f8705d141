/** Tasks that are begun and not waited for where they begin, so that they are waited for together. */
export class TaskGroup {
  readonly #tasks = new Map<number, Promise<void>>();
  #lastId = 0;

  /** `onError` is told what a task throws. */
  add(task: Promise<void>, onError: (error: unknown) => void): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#tasks.set(
      id,
      task.catch(onError).finally(() => this.#tasks.delete(id)),
    );
  }

  /** Resolves when none is at work, those included that are added meanwhile. */
  async idle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks.values());
  }
}
