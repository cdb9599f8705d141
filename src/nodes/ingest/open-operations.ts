import type { ParsedLines } from "../log/parsed-lines.ts";
import { VarintReader, VarintWriter } from "../store/varint.ts";

/** An operation that has started but not ended. */
export interface OpenOperation {
  readonly keyLow: number;
  readonly keyHigh: number;
  readonly piece: number;
  readonly startMs: number;
  readonly satellite: number;
  readonly action: number;
  /** Its start line has whole seconds only. */
  readonly coarse: boolean;
}

const NONE = -1;

/**
 * Operations in flight, first in, first out for each key: the same piece may be served several times at once. A chained
 * hash table over columns, so that a million operations need no objects of their own.
 */
export class OpenOperations {
  #capacity = 1_024;
  #heads = new Int32Array(1_024).fill(NONE);
  #next = new Int32Array(1_024);
  #keyLow = new Uint32Array(1_024);
  #keyHigh = new Uint16Array(1_024);
  #piece = new Uint32Array(1_024);
  #startMs = new Float64Array(1_024);
  #satellite = new Uint16Array(1_024);
  #action = new Uint8Array(1_024);
  #coarse = new Uint8Array(1_024);
  /** Marks operations added since `startRound`. */
  #round = new Uint8Array(1_024);
  #currentRound = 0;
  #free = NONE;
  #used = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Starts a round: `takeNew` takes only operations added from here on. */
  startRound(): void {
    this.#round.fill(0);
    this.#currentRound = 1;
  }

  /** Adds the start in row `row`; like `add`, but without an object for each of a million starts. */
  addRow(lines: ParsedLines, row: number, satellite: number): void {
    const slot = this.#takeSlot();
    this.#keyLow[slot] = lines.keyLow[row] ?? 0;
    this.#keyHigh[slot] = lines.keyHigh[row] ?? 0;
    this.#piece[slot] = lines.piece[row] ?? 0;
    this.#startMs[slot] = lines.timeMs[row] ?? 0;
    this.#satellite[slot] = satellite;
    this.#action[slot] = lines.action[row] ?? 0;
    this.#coarse[slot] = lines.coarse[row] ?? 0;
    this.#link(slot);
  }

  add(operation: OpenOperation): void {
    const slot = this.#takeSlot();
    this.#keyLow[slot] = operation.keyLow;
    this.#keyHigh[slot] = operation.keyHigh;
    this.#piece[slot] = operation.piece;
    this.#startMs[slot] = operation.startMs;
    this.#satellite[slot] = operation.satellite;
    this.#action[slot] = operation.action;
    this.#coarse[slot] = operation.coarse ? 1 : 0;
    this.#link(slot);
  }

  #takeSlot(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#next[free] ?? NONE;
      return free;
    }
    if (this.#used === this.#capacity) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  #link(slot: number): void {
    this.#round[slot] = this.#currentRound;
    this.#append(slot);
    this.#size += 1;
  }

  /** Takes the oldest operation with the key, and puts its start into `takenStartMs`; false if there is none. */
  take(keyLow: number, keyHigh: number): boolean {
    return this.#take(keyLow, keyHigh, false);
  }

  /** The same, but only among operations added in this round. */
  takeNew(keyLow: number, keyHigh: number): boolean {
    return this.#take(keyLow, keyHigh, true);
  }

  /** The start of the operation taken last. */
  takenStartMs = 0;
  takenCoarse = false;

  /** Takes the oldest operation on a piece, for a line that has only the piece. */
  takeByPiece(piece: number): OpenOperation | null {
    let found = NONE;
    for (let slot = 0; slot < this.#used; slot += 1) {
      if (this.#piece[slot] !== piece || !this.#isLive(slot)) continue;
      if (found === NONE || (this.#startMs[slot] ?? 0) < (this.#startMs[found] ?? 0)) found = slot;
    }
    if (found === NONE) return null;
    const operation = this.#read(found);
    this.#unlink(found);
    return operation;
  }

  /**
   * Takes every operation that started before `beforeMs`, and the oldest of the rest if there are more than `maxSize`.
   */
  takeStale(beforeMs: number, maxSize: number): OpenOperation[] {
    let limit = beforeMs;
    const starts: number[] = [];
    for (let slot = 0; slot < this.#used; slot += 1)
      if (this.#isLive(slot)) starts.push(this.#startMs[slot] ?? 0);
    if (starts.length > maxSize) {
      starts.sort((a, b) => a - b);
      limit = Math.max(limit, (starts[starts.length - maxSize - 1] ?? 0) + 1);
    }
    const stale: OpenOperation[] = [];
    for (let slot = 0; slot < this.#used; slot += 1) {
      if (!this.#isLive(slot) || (this.#startMs[slot] ?? 0) >= limit) continue;
      stale.push(this.#read(slot));
      this.#unlink(slot);
    }
    return stale;
  }

  /** All operations, the oldest first for each key. */
  *[Symbol.iterator](): Generator<OpenOperation> {
    for (const head of this.#heads) {
      for (let slot = head; slot !== NONE; slot = this.#next[slot] ?? NONE) yield this.#read(slot);
    }
  }

  serialize(): Uint8Array {
    const writer = new VarintWriter();
    for (const operation of this) {
      writer.unsigned(operation.keyLow);
      writer.unsigned(operation.keyHigh);
      writer.unsigned(operation.piece);
      writer.signed(operation.startMs);
      writer.unsigned(operation.satellite);
      writer.byte(operation.action * 2 + (operation.coarse ? 1 : 0));
    }
    return writer.bytes();
  }

  static deserialize(bytes: Uint8Array): OpenOperations {
    const operations = new OpenOperations();
    const reader = new VarintReader(bytes);
    while (!reader.done) {
      const keyLow = reader.unsigned();
      const keyHigh = reader.unsigned();
      const piece = reader.unsigned();
      const startMs = reader.signed();
      const satellite = reader.unsigned();
      const packed = reader.byte();
      operations.add({
        keyLow,
        keyHigh,
        piece,
        startMs,
        satellite,
        action: packed >> 1,
        coarse: packed % 2 === 1,
      });
    }
    return operations;
  }

  #bucket(keyLow: number): number {
    return keyLow & (this.#capacity - 1);
  }

  /** Slots on the free list have action 255. */
  #isLive(slot: number): boolean {
    return this.#action[slot] !== 255;
  }

  #read(slot: number): OpenOperation {
    return {
      keyLow: this.#keyLow[slot] ?? 0,
      keyHigh: this.#keyHigh[slot] ?? 0,
      piece: this.#piece[slot] ?? 0,
      startMs: this.#startMs[slot] ?? 0,
      satellite: this.#satellite[slot] ?? 0,
      action: this.#action[slot] ?? 0,
      coarse: this.#coarse[slot] === 1,
    };
  }

  #append(slot: number): void {
    const bucket = this.#bucket(this.#keyLow[slot] ?? 0);
    this.#next[slot] = NONE;
    let last = this.#heads[bucket] ?? NONE;
    if (last === NONE) {
      this.#heads[bucket] = slot;
      return;
    }
    for (let next = this.#next[last] ?? NONE; next !== NONE; next = this.#next[last] ?? NONE) last = next;
    this.#next[last] = slot;
  }

  #take(keyLow: number, keyHigh: number, onlyNew: boolean): boolean {
    const bucket = this.#bucket(keyLow);
    let before = NONE;
    let slot = this.#heads[bucket] ?? NONE;
    while (slot !== NONE) {
      if (
        this.#keyLow[slot] === keyLow &&
        this.#keyHigh[slot] === keyHigh &&
        (!onlyNew || (this.#round[slot] === this.#currentRound && this.#currentRound !== 0))
      ) {
        this.takenStartMs = this.#startMs[slot] ?? 0;
        this.takenCoarse = this.#coarse[slot] === 1;
        this.#release(bucket, before, slot);
        return true;
      }
      before = slot;
      slot = this.#next[slot] ?? NONE;
    }
    return false;
  }

  #unlink(wanted: number): void {
    const bucket = this.#bucket(this.#keyLow[wanted] ?? 0);
    let before = NONE;
    for (let slot = this.#heads[bucket] ?? NONE; slot !== wanted; slot = this.#next[slot] ?? NONE)
      before = slot;
    this.#release(bucket, before, wanted);
  }

  #release(bucket: number, before: number, slot: number): void {
    const after = this.#next[slot] ?? NONE;
    if (before === NONE) this.#heads[bucket] = after;
    else this.#next[before] = after;
    this.#action[slot] = 255;
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.#size -= 1;
  }

  /** Called when every slot is live: doubles the columns and rebuilds all chains, keeping the order for each key. */
  #grow(): void {
    const order: number[] = [];
    for (const head of this.#heads) {
      for (let slot = head; slot !== NONE; slot = this.#next[slot] ?? NONE) order.push(slot);
    }
    const capacity = this.#capacity * 2;
    const copy = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(grown: T, old: T): T => {
      grown.set(old);
      return grown;
    };
    this.#keyLow = copy(new Uint32Array(capacity), this.#keyLow);
    this.#keyHigh = copy(new Uint16Array(capacity), this.#keyHigh);
    this.#piece = copy(new Uint32Array(capacity), this.#piece);
    this.#startMs = copy(new Float64Array(capacity), this.#startMs);
    this.#satellite = copy(new Uint16Array(capacity), this.#satellite);
    this.#action = copy(new Uint8Array(capacity), this.#action);
    this.#coarse = copy(new Uint8Array(capacity), this.#coarse);
    this.#round = copy(new Uint8Array(capacity), this.#round);
    this.#heads = new Int32Array(capacity).fill(NONE);
    this.#next = new Int32Array(capacity);
    this.#capacity = capacity;
    for (const slot of order) this.#append(slot);
  }
}
