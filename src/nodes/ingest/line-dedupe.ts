import type { Database } from "bun:sqlite";
import type { EventBlockRow } from "../../db/tables/nodes.ts";
import { intact } from "../../db/sealed-blob.ts";
import { LRUCache } from "lru-cache";
import { decodeBlock } from "../store/block.ts";
import { CountTable } from "../store/count-table.ts";
import { endIdentity, startIdentity, startLineIdentity, startMsOf } from "../log/events.ts";
import type { OpenOperations } from "./open-operations.ts";
import type { KnownLines } from "./pairing.ts";
import { TIER_HOUR } from "../store/rollup.ts";
import { HOUR_MS } from "../log/vocabulary.ts";

/** Slots (10 bytes each) that the tables of hours may take together. */
const MAX_SLOTS = 2_097_152;

type StoredEvents = Pick<EventBlockRow, "events" | "columns" | "keys">;

export interface KnownFrom {
  readonly db: Database;
  readonly nodeId: number;
  /** As they were when the file was opened. */
  readonly open: OpenOperations;
  /** Identities of the lines just before the place where this file is taken up again: they are its own. */
  readonly own: readonly number[];
  /** Told of an hour of which some events are damaged: its lines are then known as a whole. */
  readonly onDamage: (startMs: number) => void;
}

/**
 * Which lines of a file the store has, counted: of a line that the store has k times, a file's first k are known.
 *
 * No line's hash is stored for this. A line's identity can be had again from its event (the end from time, key,
 * outcome and size; the start from the duration), from the operations in flight and from the facts, so an event
 * costs 3 bytes of key and no more. Hours are loaded when a line of theirs comes, from the blocks that stood in the
 * store when the file was opened: what this file itself adds is never counted against it.
 *
 * What is promised: any overlap of files adds exactly what is new, for as long as the events are kept (retention); lines
 * of an hour whose events were pruned are known as a whole, and an older hour that the store never had is new. A file that is taken up at its checkpoint remembers its last 256 lines; of
 * identical lines (same time, operation and outcome) further apart than that, with the end of a run between them
 * and another file holding them too, one may be counted as known.
 */
export class StoredLines implements KnownLines {
  readonly #from: KnownFrom;
  readonly #lastBlock: number;
  readonly #open = new CountTable();
  readonly #own: Set<number>;
  /** By hour. A table that is larger than all may be together is kept alone. */
  readonly #hours = new LRUCache<number, { readonly table: CountTable | null }>({
    maxSize: MAX_SLOTS,
    sizeCalculation: ({ table }) => Math.min(MAX_SLOTS, Math.max(1, table?.slots ?? 0)),
  });
  /** Whether an hour was closed when the first of its lines came: what closes while this file is read is the file's own. */
  readonly #closed = new Map<number, boolean>();
  #hour = Number.NaN;
  #table: CountTable | null = null;
  #isClosed = false;
  readonly #facts = new Map<number, number>();

  constructor(from: KnownFrom) {
    this.#from = from;
    const last = from.db
      .query<{ id: number | null }, [number]>("SELECT max(id) AS id FROM event_block WHERE node_id = ?")
      .get(from.nodeId);
    this.#lastBlock = last?.id ?? 0;
    for (const { startMs, keyLow } of from.open) this.#open.add(startLineIdentity(startMs, keyLow));
    this.#own = new Set(from.own);
    this.#takeOwn(this.#open);
  }

  take(identity: number, timeMs: number): boolean {
    this.#turnTo(timeMs);
    if (this.#isClosed) return true;
    if (this.#table !== null && this.#table.take(identity)) return true;
    return !this.#open.isEmpty && this.#open.take(identity);
  }

  mayKnow(timeMs: number): boolean {
    if (!this.#open.isEmpty) return true;
    this.#turnTo(timeMs);
    return this.#isClosed || this.#table !== null;
  }

  #turnTo(timeMs: number): void {
    const hour = Math.floor(timeMs / HOUR_MS);
    if (hour === this.#hour) return;
    this.#isClosed = this.#closedAtFirst(hour);
    this.#table = this.#isClosed ? null : this.#tableOf(hour);
    // A damaged block has closed it.
    this.#isClosed = this.#closedAtFirst(hour);
    this.#hour = hour;
  }

  #closedAtFirst(hour: number): boolean {
    let closed = this.#closed.get(hour);
    if (closed === undefined) {
      const row = this.#from.db
        .query<{ closed: number }, [number, number, number]>(
          "SELECT closed FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
        )
        .get(this.#from.nodeId, TIER_HOUR, hour * HOUR_MS);
      this.#closed.set(hour, (closed = row?.closed === 1));
    }
    return closed;
  }

  /** The same for facts, which are rows of their own, and are never pruned. */
  takeFact(identity: number): boolean {
    let left = this.#facts.get(identity);
    if (left === undefined) {
      const row = this.#from.db
        .query<{ count: number }, [number, number]>(
          "SELECT count(*) AS count FROM fact WHERE node_id = ? AND identity = ?",
        )
        .get(this.#from.nodeId, identity);
      left = row?.count ?? 0;
      if (left > 0 && this.#own.delete(identity)) left -= 1;
    }
    // What this file adds is not counted against it: the count is read once, before any such line is stored.
    this.#facts.set(identity, Math.max(0, left - 1));
    return left > 0;
  }

  #takeOwn(table: CountTable): void {
    for (const identity of this.#own) if (table.take(identity)) this.#own.delete(identity);
  }

  #tableOf(hour: number): CountTable | null {
    const known = this.#hours.get(hour);
    if (known !== undefined) return known.table;
    const table = this.#load(hour);
    this.#hours.set(hour, { table });
    return table;
  }

  #load(hour: number): CountTable | null {
    const fromMs = hour * HOUR_MS;
    const untilMs = fromMs + HOUR_MS;
    const rows = this.#from.db
      .query<StoredEvents, [number, number, number, number]>(
        "SELECT events, columns, keys FROM event_block WHERE node_id = ? AND until_ms >= ? AND from_ms < ? AND id <= ?",
      )
      .iterate(this.#from.nodeId, fromMs, untilMs, this.#lastBlock);
    let table: CountTable | null = null;
    for (const stored of rows) {
      const events = intact(() => decodeBlock(stored));
      if (events === null) {
        this.#closed.set(hour, true);
        this.#from.onDamage(fromMs);
        return null;
      }
      table ??= new CountTable(events.count);
      for (let row = 0; row < events.count; row += 1) {
        const time = events.timeMs[row] ?? 0;
        const end = time >= fromMs && time < untilMs ? endIdentity(events, row) : null;
        if (end !== null) table.add(end);
        const startMs = startMsOf(events, row);
        const start =
          startMs !== null && startMs >= fromMs && startMs < untilMs ? startIdentity(events, row) : null;
        if (start !== null) table.add(start);
      }
    }
    if (table !== null) this.#takeOwn(table);
    return table;
  }
}
