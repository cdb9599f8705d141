import type { BufferPool } from "../intake/buffer-pool.ts";
import type { SharedBytes } from "../intake/hash.ts";

/** The contents in memory until they are handed to the network, by checksum. The memory belongs to the pool. */
export class HeldContents {
  readonly #pool: BufferPool;
  readonly #bytes = new Map<string, SharedBytes>();

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get(checksum: string): SharedBytes | undefined {
    return this.#bytes.get(checksum);
  }

  /** Holds a content; a second copy of a held one is given back at once. */
  hold(checksum: string, bytes: SharedBytes): void {
    if (this.#bytes.has(checksum)) this.#pool.give(bytes);
    else this.#bytes.set(checksum, bytes);
  }

  release(checksum: string): void {
    const bytes = this.#bytes.get(checksum);
    if (bytes === undefined) return;
    this.#bytes.delete(checksum);
    this.#pool.give(bytes);
  }
}
