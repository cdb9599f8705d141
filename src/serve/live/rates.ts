/** How fast a count goes up, by two looks at it. */
export class Rate {
  #last: { readonly count: number; readonly atMs: number } | null = null;

  /**
   * Per second since the look before, in milliseconds of one clock; null at the first look, and where the count went
   * down: what it counts was taken away.
   */
  look(count: number, atMs: number): number | null {
    const before = this.#last;
    this.#last = { count, atMs };
    if (before === null || count < before.count || atMs <= before.atMs) return null;
    return ((count - before.count) / (atMs - before.atMs)) * 1_000;
  }
}
