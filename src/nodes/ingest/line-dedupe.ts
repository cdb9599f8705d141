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

/** The most slots (10 bytes each) in the tables of all hours together. */
const MAX_SLOTS = 2_097_152;

type StoredEvents = Pick<EventBlockRow, "events" | "columns" | "keys">;

export interface KnownFrom {
  readonly db: Database;
  readonly nodeId: number;
  /** The operations in flight when the file was opened. */
  readonly open: OpenOperations;
  /** Identities of the lines just before the place where reading resumes: these are the file's own. */
  readonly own: readonly number[];
  /** Called for an hour with damaged events: all its lines are then treated as known. */
  readonly onDamage: (startMs: number) => void;
}

/**
 * Recognises lines of a file that are already in the store, by counting: if the store has a line k times, the first k
 * in the file are known.
 *
 * No hash of a line is stored for this. A line's identity can be computed from its event (the end from time, key,
 * outcome and size; the start from the duration), from the operations in flight, and from the facts, so an event costs
 * 3 bytes of key and no more. An hour is loaded when one of its lines comes, from blocks that were in the store when
 * the file was opened: what this file adds never counts against it.
 *
 * Guarantee: whatever the overlap of files, exactly the new lines are added, for as long as events are kept
 * (retention). In an hour whose events were pruned, all lines count as known; an older hour that was never in the store
 * is new. A file resumed at its checkpoint remembers its last 256 lines. If identical lines (same time, operation and
 * outcome) are further apart than that, a run ended between them, and another file has them too, one of them may be
 * counted as known.
 */
export class StoredLines implements KnownLines {
  readonly #from: KnownFrom;
  readonly #lastBlock: number;
  readonly #open = new CountTable();
  readonly #own: Set<number>;
  /** By hour. A table larger than the limit for all is kept alone. */
  readonly #hours = new LRUCache<number, { readonly table: CountTable | null }>({
    maxSize: MAX_SLOTS,
    sizeCalculation: ({ table }) => Math.min(MAX_SLOTS, Math.max(1, table?.slots ?? 0)),
  });
  /**
   * Whether an hour was closed when the first of its lines came. Hours closed while this file is read were closed by
   * the file itself.
   */
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
    // If a damaged block was found, the hour is closed now.
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

  /** The same for facts, which have their own rows and are never pruned. */
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
    // The count is read only once, before any such line of this file is stored, so the file's own lines do not count.
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
