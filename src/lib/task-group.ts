/** Tasks started in several places and awaited together. */
export class TaskGroup {
  readonly #tasks = new Set<Promise<void>>();

  /** `onError` is called with what the task throws. */
  add(task: Promise<void>, onError: (error: unknown) => void): void {
    const end = (): void => {
      this.#tasks.delete(watched);
    };
    const watched: Promise<void> = task.then(end, (error: unknown) => {
      onError(error);
      end();
    });
    this.#tasks.add(watched);
  }

  /** Resolves when no task is running, including those added meanwhile. */
  async idle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }
}
