/** Sizes are rounded up to powers of two from here, so that few kinds of buffers serve all files. */
const SMALLEST_BYTES = 64 * 1024;

interface Waiter {
  readonly bytes: number;
  readonly resolve: (buffer: Uint8Array<ArrayBuffer>) => void;
}

function classOf(bytes: number): number {
  return Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
}

/**
 * Buffers for the contents in memory: they are used again rather than left to the collector, and never hold more
 * than `limitBytes` together. One that alone is larger is handed out when nothing else is.
 */
export class BufferPool {
  readonly #limitBytes: number;
  readonly #free = new Map<number, ArrayBuffer[]>();
  #usedBytes = 0;
  #freeBytes = 0;
  readonly #line: Waiter[] = [];

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** A view of exactly `bytes`; waits until there is room, in turn. */
  take(bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve) => {
      this.#line.push({ bytes, resolve });
      this.#serve();
    });
  }

  /** Gives a view back that `take` handed out. Nobody may read from it any more. */
  give(view: Uint8Array<ArrayBuffer>): void {
    const { buffer } = view;
    this.#usedBytes -= buffer.byteLength;
    this.#freeBytes += buffer.byteLength;
    const free = this.#free.get(buffer.byteLength);
    if (free === undefined) this.#free.set(buffer.byteLength, [buffer]);
    else free.push(buffer);
    this.#serve();
  }

  #serve(): void {
    for (let first = this.#line[0]; first !== undefined; first = this.#line[0]) {
      const size = classOf(first.bytes);
      if (this.#usedBytes > 0 && this.#usedBytes + size > this.#limitBytes) return;
      this.#line.shift();
      first.resolve(new Uint8Array(this.#bufferOf(size), 0, first.bytes));
    }
  }

  #bufferOf(size: number): ArrayBuffer {
    this.#usedBytes += size;
    const free = this.#free.get(size)?.pop();
    if (free !== undefined) {
      this.#freeBytes -= size;
      return free;
    }
    this.#shrink(this.#limitBytes - this.#usedBytes);
    return new ArrayBuffer(size);
  }

  /** Lets go of free buffers of other sizes until no more than `keepBytes` of them are left. */
  #shrink(keepBytes: number): void {
    for (const [size, free] of this.#free) {
      while (this.#freeBytes > Math.max(0, keepBytes) && free.pop() !== undefined) this.#freeBytes -= size;
    }
  }
}
