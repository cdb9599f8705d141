import type { Room } from "../../lib/http/pieces.ts";
import type { SharedBytes } from "./hash.ts";

/**
 * Around a larger content there is room for what a request says before and after it: the whole goes out in one write,
 * uncopied. A smaller one is copied in less time than a page fault takes.
 */
const ROOM: Room = { before: 1_024, after: 128 };
const NO_ROOM: Room = { before: 0, after: 0 };
const ROOMY_FROM_BYTES = 16 * 1024;

/** The room around a content of this size, which belongs to whoever holds the content. */
export function roomAround(bytes: number): Room {
  return bytes < ROOMY_FROM_BYTES ? NO_ROOM : ROOM;
}

interface Waiter {
  readonly bytes: number;
  readonly resolve: (view: SharedBytes) => void;
}

interface Gap {
  start: number;
  readonly end: number;
}

/**
 * The memory for contents in transit, shared with the thread that reads them. One arena is allocated once, so that a
 * million files leave no garbage. It is divided first fit, so that only as much of it is ever touched as was in use at
 * once.
 */
export class BufferPool {
  readonly #limitBytes: number;
  /** Allocated on first use: a run that finds everything known never needs it. */
  #arena: SharedArrayBuffer | null = null;
  /** The free ranges, by address, never adjacent. */
  readonly #gaps: Gap[];
  /** A content larger than the arena gets memory of its own, when nothing else is handed out. */
  #isLent = false;
  readonly #line: Waiter[] = [];

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#gaps = [{ start: 0, end: limitBytes }];
  }

  /** Hands out a view of exactly `bytes`. Waits in line until there is room. */
  take(bytes: number): Promise<SharedBytes> {
    return new Promise((resolve) => {
      this.#line.push({ bytes, resolve });
      this.#serve();
    });
  }

  /** As `take`, but at once; null if it would have to wait. */
  takeNow(bytes: number): SharedBytes | null {
    return this.#line.length > 0 ? null : this.#cut(bytes);
  }

  /** Returns a view handed out by `take`. Nobody may read from it afterwards. */
  give(view: SharedBytes): void {
    const { byteOffset, byteLength } = view;
    const { before, after } = roomAround(byteLength);
    if (view.buffer === this.#arena) this.#free(byteOffset - before, byteOffset + byteLength + after);
    else this.#isLent = false;
    this.#serve();
  }

  #serve(): void {
    for (let first = this.#line[0]; first !== undefined; first = this.#line[0]) {
      const view = this.#cut(first.bytes);
      if (view === null) return;
      this.#line.shift();
      first.resolve(view);
    }
  }

  #cut(bytes: number): SharedBytes | null {
    const { before, after } = roomAround(bytes);
    const wholeBytes = before + bytes + after;
    if (wholeBytes > this.#limitBytes) {
      const isAlone =
        this.#gaps.length === 1 && this.#gaps[0]?.end === this.#limitBytes && this.#gaps[0].start === 0;
      if (this.#isLent || !isAlone) return null;
      this.#isLent = true;
      return new Uint8Array(new SharedArrayBuffer(wholeBytes), before, bytes);
    }
    let at = 0;
    for (const { start, end } of this.#gaps) {
      if (end - start >= wholeBytes) break;
      at += 1;
    }
    const gap = this.#gaps[at];
    if (gap === undefined) return null;
    const { start } = gap;
    gap.start += wholeBytes;
    if (gap.start === gap.end) this.#gaps.splice(at, 1);
    this.#arena ??= new SharedArrayBuffer(this.#limitBytes);
    return new Uint8Array(this.#arena, start + before, bytes);
  }

  #free(start: number, end: number): void {
    let at = this.#gaps.findIndex((gap) => gap.start >= end);
    if (at < 0) at = this.#gaps.length;
    const before = this.#gaps[at - 1];
    const after = this.#gaps[at];
    const joinsBefore = before?.end === start;
    const joinsAfter = after?.start === end;
    this.#gaps.splice(at - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), {
      start: joinsBefore ? before.start : start,
      end: joinsAfter ? after.end : end,
    });
  }
}
