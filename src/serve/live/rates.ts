/** The rate of a counter, from two successive readings. */
export class Rate {
  #last: { readonly count: number; readonly atMs: number } | null = null;

  /**
   * The rate per second since the previous reading; `atMs` is in milliseconds, always of the same clock. null at the
   * first reading, and if the counter went down because what it counts was removed.
   */
  look(count: number, atMs: number): number | null {
    const before = this.#last;
    this.#last = { count, atMs };
    if (before === null || count < before.count || atMs <= before.atMs) return null;
    return ((count - before.count) / (atMs - before.atMs)) * 1_000;
  }
}
