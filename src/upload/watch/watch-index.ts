const LEAST_CAPACITY = 64;
const NONE = -1;
/** 2^32 divided by the golden ratio, which spreads neighbouring numbers (Knuth, TAOCP 3, 6.4). */
const SPREAD = 0x9e37_79b1;

/**
 * The slot of each watch: a hash table with linear probing in two typed arrays, which takes 16 to 32 bytes a watch
 * where a Map takes 70. Watches and slots are whole numbers from 0 to 2^31 - 1.
 */
export class WatchIndex {
  #watches = new Int32Array(LEAST_CAPACITY).fill(NONE);
  #slots = new Int32Array(LEAST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(watch: number): number | undefined {
    const at = this.#find(watch);
    return this.#watches[at] === watch ? this.#slots[at] : undefined;
  }

  set(watch: number, slot: number): void {
    const at = this.#find(watch);
    this.#slots[at] = slot;
    if (this.#watches[at] === watch) return;
    this.#watches[at] = watch;
    this.#size += 1;
    if (this.#size * 2 > this.#watches.length) this.#grow();
  }

  delete(watch: number): void {
    let gap = this.#find(watch);
    if (this.#watches[gap] !== watch) return;
    this.#size -= 1;
    // Later entries move into the gap unless their home is behind it: a search must not stop at the gap.
    const mask = this.#watches.length - 1;
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const next = this.#watches[at] ?? NONE;
      if (next === NONE) break;
      if (((at - this.#home(next)) & mask) < ((at - gap) & mask)) continue;
      this.#watches[gap] = next;
      this.#slots[gap] = this.#slots[at] ?? 0;
      gap = at;
    }
    this.#watches[gap] = NONE;
  }

  *watches(): Generator<number> {
    for (const watch of this.#watches) if (watch !== NONE) yield watch;
  }

  #home(watch: number): number {
    return (Math.imul(watch, SPREAD) >>> 0) & (this.#watches.length - 1);
  }

  /** The place of a watch, or the free place where it belongs. */
  #find(watch: number): number {
    const mask = this.#watches.length - 1;
    let at = this.#home(watch);
    while (this.#watches[at] !== NONE && this.#watches[at] !== watch) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const watches = this.#watches;
    const slots = this.#slots;
    this.#watches = new Int32Array(watches.length * 2).fill(NONE);
    this.#slots = new Int32Array(watches.length * 2);
    for (const [from, watch] of watches.entries()) {
      if (watch === NONE) continue;
      const at = this.#find(watch);
      this.#watches[at] = watch;
      this.#slots[at] = slots[from] ?? 0;
    }
  }
}
