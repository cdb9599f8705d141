import { pathWithin, systemPath } from "../../lib/path-bytes.ts";
import { WatchIndex } from "./watch-index.ts";

/** Parents that are not watches: the root has none; that of a folder that was moved away is not known yet. */
const ROOT = -1;
const AWAY = -2;
const LEAST_FOLDERS = 64;
const LEAST_BYTES = 1_024;
/** The most folders in a path of PATH_MAX bytes. A limit is needed, since lost events may leave folders in a circle. */
const DEEPEST = 2_048;

/**
 * Which folder each watch belongs to. Only its parent's watch and its own name are kept, so moving a whole tree changes
 * one entry: the kernel's watches move with the folders. Everything is in typed arrays: 100,000 folders take about 5
 * MB, where objects in a Map took 15. `child` and `deleteTree`, which are rarely called, search all folders, which
 * takes a millisecond.
 */
export class WatchedFolders {
  readonly #index = new WatchIndex();
  /** By slot: the watch, its parent's watch (or ROOT, AWAY, or in a free slot the next free one), where the name is. */
  #watches = new Int32Array(LEAST_FOLDERS);
  #parents = new Int32Array(LEAST_FOLDERS);
  #nameAt = new Uint32Array(LEAST_FOLDERS);
  #nameBytes = new Uint8Array(LEAST_FOLDERS);
  /** When each was set, as a counter: of two folders with the same path, the one set last is right. */
  #turns = new Float64Array(LEAST_FOLDERS);
  #turn = 0;
  /** How many slots have ever been used, and the first free one among them. */
  #used = 0;
  #free = ROOT;
  /** The bytes of all names, one after another, and how many of them belong to no folder any more. */
  #names = Buffer.allocUnsafeSlow(LEAST_BYTES);
  #namesEnd = 0;
  #unusedBytes = 0;

  get size(): number {
    return this.#index.size;
  }

  /** The size of its arrays in bytes, without the index. */
  get roomBytes(): number {
    const arrays = [this.#watches, this.#parents, this.#nameAt, this.#nameBytes, this.#turns, this.#names];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  has(watch: number): boolean {
    return this.#index.get(watch) !== undefined;
  }

  watches(): Generator<number> {
    return this.#index.watches();
  }

  /**
   * Adds a folder, or moves the one that this watch belongs to: the kernel has one watch for each folder.
   *
   * @param name as in path-bytes.ts, at most 255 bytes; "" only for the root.
   */
  set(watch: number, parent: number | null, name: string): void {
    let slot = this.#index.get(watch);
    if (slot === undefined) {
      slot = this.#takeSlot();
      this.#watches[slot] = watch;
      this.#index.set(watch, slot);
    }
    this.#parents[slot] = parent ?? ROOT;
    this.#turn += 1;
    this.#turns[slot] = this.#turn;
    if (this.#nameOf(slot) !== name) this.#setName(slot, name);
  }

  /** The watch of a subfolder, if there is one. */
  child(parent: number, name: string): number | undefined {
    const wanted = Buffer.from(systemPath(name));
    let found: number | undefined;
    let turn = 0;
    for (let slot = 0; slot < this.#used; slot += 1) {
      // A free slot has no name.
      if (this.#parents[slot] !== parent || this.#nameBytes[slot] !== wanted.length) continue;
      const at = this.#nameAt[slot] ?? 0;
      if (this.#names.compare(wanted, 0, wanted.length, at, at + wanted.length) !== 0) continue;
      if ((this.#turns[slot] ?? 0) <= turn) continue;
      turn = this.#turns[slot] ?? 0;
      found = this.#watches[slot];
    }
    return found;
  }

  /** The folder's path below the root, "" for the root itself; null if the watch or one of its parents is not known. */
  path(watch: number): string | null {
    let path = "";
    let at = watch;
    for (let depth = 0; depth < DEEPEST; depth += 1) {
      const slot = this.#index.get(at);
      if (slot === undefined) return null;
      at = this.#parents[slot] ?? AWAY;
      if (at === ROOT) return path;
      const name = this.#nameOf(slot);
      path = path === "" ? name : `${name}/${path}`;
    }
    return null;
  }

  /** A folder was moved, with everything below it; none of them has a path until `set` says where it is. */
  moveAway(watch: number): void {
    const slot = this.#index.get(watch);
    if (slot !== undefined) this.#parents[slot] = AWAY;
  }

  /** Forgets one watch, which the kernel has ended. */
  delete(watch: number): void {
    const slot = this.#index.get(watch);
    if (slot === undefined) return;
    this.#index.delete(watch);
    this.#unusedBytes += this.#nameBytes[slot] ?? 0;
    this.#nameBytes[slot] = 0;
    this.#parents[slot] = this.#free;
    this.#free = slot;
  }

  /** Forgets all watches. */
  clear(): void {
    for (const watch of this.watches().toArray()) this.delete(watch);
  }

  /** Forgets a folder and all below it, and returns their watches. */
  deleteTree(top: number): number[] {
    const isBelow = new Map<number, boolean>([[top, true]]);
    const gone = [...this.watches()].filter((watch) => this.#isBelow(watch, isBelow));
    for (const watch of gone) this.delete(watch);
    return gone;
  }

  /** Whether a folder is below one that is `true` in `known`; adds what it finds out to `known`. */
  #isBelow(watch: number, known: Map<number, boolean>): boolean {
    const way: number[] = [];
    let answer = known.get(watch);
    for (let at = watch; answer === undefined;) {
      way.push(at);
      const slot = this.#index.get(at);
      at = slot === undefined ? AWAY : (this.#parents[slot] ?? AWAY);
      answer = at < 0 || way.length > DEEPEST ? false : known.get(at);
    }
    for (const at of way) known.set(at, answer);
    return answer;
  }

  #nameOf(slot: number): string {
    const at = this.#nameAt[slot] ?? 0;
    return pathWithin(this.#names, at, at + (this.#nameBytes[slot] ?? 0));
  }

  #takeSlot(): number {
    const free = this.#free;
    if (free !== ROOT) {
      this.#free = this.#parents[free] ?? ROOT;
      return free;
    }
    if (this.#used === this.#watches.length) this.#growSlots();
    this.#used += 1;
    return this.#used - 1;
  }

  #growSlots(): void {
    const capacity = this.#watches.length * 2;
    const grown = <T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#watches = grown(this.#watches, new Int32Array(capacity));
    this.#parents = grown(this.#parents, new Int32Array(capacity));
    this.#nameAt = grown(this.#nameAt, new Uint32Array(capacity));
    this.#nameBytes = grown(this.#nameBytes, new Uint8Array(capacity));
    this.#turns = grown(this.#turns, new Float64Array(capacity));
  }

  #setName(slot: number, name: string): void {
    const system = systemPath(name);
    const bytes = Buffer.byteLength(system);
    this.#unusedBytes += this.#nameBytes[slot] ?? 0;
    this.#nameBytes[slot] = 0;
    if (this.#namesEnd + bytes > this.#names.length) this.#makeRoom(bytes);
    if (typeof system === "string") this.#names.write(system, this.#namesEnd);
    else system.copy(this.#names, this.#namesEnd);
    this.#nameAt[slot] = this.#namesEnd;
    this.#nameBytes[slot] = bytes;
    this.#namesEnd += bytes;
  }

  /** Drops unused names, and doubles the buffer if more than half of it is still used. */
  #makeRoom(bytes: number): void {
    const used = this.#namesEnd - this.#unusedBytes + bytes;
    const from = this.#names;
    const isFull = used * 2 > from.length;
    this.#names = Buffer.allocUnsafeSlow(isFull ? Math.max(used, from.length * 2) : from.length);
    this.#namesEnd = 0;
    this.#unusedBytes = 0;
    for (let slot = 0; slot < this.#used; slot += 1) {
      const at = this.#nameAt[slot] ?? 0;
      const end = at + (this.#nameBytes[slot] ?? 0);
      this.#nameAt[slot] = this.#namesEnd;
      this.#namesEnd += from.copy(this.#names, this.#namesEnd, at, end);
    }
  }
}
