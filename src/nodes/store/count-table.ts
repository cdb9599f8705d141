/**
 * Counts by 53-bit number, with open addressing over typed columns: 10 bytes per slot, so that an hour of a busy node's
 * lines takes a few megabytes. Once the table is built, counts only go down; slots are never freed.
 */
export class CountTable {
  #keys: Float64Array;
  #counts: Uint16Array;
  #size = 0;

  constructor(expected = 64) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, expected * 2)));
    // -1 marks an empty slot: identities are not negative.
    this.#keys = new Float64Array(slots).fill(-1);
    this.#counts = new Uint16Array(slots);
  }

  get slots(): number {
    return this.#keys.length;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  add(key: number, by = 1): void {
    if (this.#size * 2 >= this.#keys.length) this.#grow();
    const slot = this.#slotOf(key);
    if (this.#keys[slot] !== key) {
      this.#keys[slot] = key;
      this.#size += 1;
    }
    this.#counts[slot] = Math.min(0xffff, (this.#counts[slot] ?? 0) + by);
  }

  /** Takes one off the key's count; false if it is 0. */
  take(key: number): boolean {
    const slot = this.#slotOf(key);
    const count = this.#counts[slot] ?? 0;
    if (this.#keys[slot] !== key || count === 0) return false;
    this.#counts[slot] = count - 1;
    return true;
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = (key >>> 0) & mask;
    while (this.#keys[slot] !== key && this.#keys[slot] !== -1) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const keys = this.#keys;
    const counts = this.#counts;
    this.#keys = new Float64Array(keys.length * 2).fill(-1);
    this.#counts = new Uint16Array(keys.length * 2);
    this.#size = 0;
    for (let slot = 0; slot < keys.length; slot += 1) {
      const key = keys[slot] ?? -1;
      if (key !== -1) this.add(key, counts[slot] ?? 0);
    }
  }
}
