/** Tasks that are begun and not waited for where they begin, so that they are waited for together. */
export class TaskGroup {
  readonly #tasks = new Set<Promise<void>>();

  /** `onError` is told what a task throws. */
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

  /** Resolves when none is at work, those included that are added meanwhile. */
  async idle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }
}
