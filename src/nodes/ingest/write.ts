import type { Database } from "bun:sqlite";
import { LRUCache } from "lru-cache";
import { Failure } from "../../lib/errors.ts";
import { BLOCK_EVENTS, encodeBlock, type StoredBlock } from "../store/block.ts";
import { createEvents, type Events } from "../log/events.ts";
import { serializePairState } from "../store/node-store.ts";
import type { PairState } from "./pairing.ts";
import type { Fact } from "../log/parsed-lines.ts";
import {
  createRollup,
  encodeCells,
  encodeSummary,
  mergeCells,
  mergeEncodedCells,
  mergeEncodedSummary,
  mergeSummary,
  type Rollup,
} from "../store/rollup.ts";
import { DAY_MS } from "../log/vocabulary.ts";

export const TIER_HOUR = 0;
export const TIER_DAY = 1;
/** Roll-ups kept decoded. */
const RECENT_ROLLUPS = 4;

/** How far a file has been read; see checkpoint.ts. */
export interface Checkpoint {
  readonly headBytes: number;
  readonly headHash: string;
  readonly offsetBytes: number;
  readonly tailHash: string;
  readonly known: number;
  readonly ignored: number;
  readonly malformed: number;
  readonly malformedOperations: number;
  readonly recent: Float64Array;
}

/** All that one batch changes; stored whole or not at all. */
export interface Batch {
  readonly events: Events;
  /** By the hour's first millisecond. */
  readonly hours: ReadonlyMap<number, Rollup>;
  readonly facts: readonly (Fact & { readonly satelliteId: number })[];
  readonly state: PairState;
  readonly newestMs: number | null;
  /** null: the source cannot be taken up again (a pipe, a compressed file). */
  readonly checkpoint: Checkpoint | null;
}

interface RollupRow {
  summary: Uint8Array;
  cells: Uint8Array;
}

/**
 * Stores the batches of one node. Events fill blocks across batches: the last, unfull block is written again with
 * what comes, so that a follower's small batches do not leave small blocks.
 */
export class BatchWriter {
  readonly #db: Database;
  readonly #nodeId: number;
  readonly #nodeName: string;
  #version: number;
  #tail: Events = createEvents(BLOCK_EVENTS);
  #tailId: number | null = null;
  /** Roll-ups as last written, by tier and start: the next batch mostly falls into the same hours. */
  readonly #recent = new LRUCache<string, Rollup>({ max: RECENT_ROLLUPS });

  constructor(db: Database, node: { id: number; name: string; version: number }) {
    this.#db = db;
    this.#nodeId = node.id;
    this.#nodeName = node.name;
    this.#version = node.version;
  }

  /** Blocks written so far are left as they are: a new file must find what the files before it added. */
  startFile(): void {
    this.#tail.count = 0;
    this.#tailId = null;
  }

  /** One short transaction. What can be prepared is prepared before the write lock is taken. */
  commit(batch: Batch): void {
    const blocks = this.#blocksOf(batch.events);
    const state = serializePairState(batch.state);
    const days = hoursByDay(batch.hours);
    const db = this.#db;
    const write = db.transaction(() => {
      const mine = db
        .query(
          "UPDATE node SET version = version + 1, open = ?, race = ?, newest_ms = max(coalesce(newest_ms, ?), ?) WHERE id = ? AND version = ?",
        )
        .run(state.open, state.race, batch.newestMs, batch.newestMs ?? 0, this.#nodeId, this.#version);
      if (mine.changes === 0) {
        throw new Failure(
          "failed",
          `another process has ingested into node ${this.#nodeName} meanwhile; run this again`,
        );
      }
      this.#writeBlocks(blocks);
      for (const [startMs, rollup] of batch.hours) this.#mergeRollup(TIER_HOUR, startMs, [rollup]);
      for (const [startMs, hours] of days) this.#mergeRollup(TIER_DAY, startMs, hours);
      this.#writeFacts(batch.facts);
      if (batch.checkpoint !== null) this.#writeCheckpoint(batch.checkpoint);
      db.query("DELETE FROM compare_cache WHERE instr(nodes, ?) > 0").run(`,${this.#nodeId},`);
    });
    write.immediate();
    this.#version += 1;
  }

  /** The tail and the new events, as the blocks they make; the first replaces the tail's row. */
  #blocksOf(events: Events): StoredBlock[] {
    const tail = this.#tail;
    const blocks: StoredBlock[] = [];
    let from = 0;
    if (tail.count > 0) {
      from = Math.min(events.count, BLOCK_EVENTS - tail.count);
      copyEvents(tail, events, 0, from);
      if (from > 0) blocks.push(encodeBlock(tail, 0, tail.count));
    }
    for (; from < events.count; from += BLOCK_EVENTS) {
      const until = Math.min(events.count, from + BLOCK_EVENTS);
      blocks.push(encodeBlock(events, from, until));
      tail.count = 0;
      copyEvents(tail, events, from, until);
    }
    return blocks;
  }

  #writeBlocks(blocks: readonly StoredBlock[]): void {
    let replaced = this.#tailId;
    for (const block of blocks) {
      const { fromMs, untilMs, events, columns, keys } = block;
      if (replaced === null) {
        const inserted = this.#db
          .query(
            "INSERT INTO event_block (node_id, from_ms, until_ms, events, columns, keys) VALUES (?, ?, ?, ?, ?, ?)",
          )
          .run(this.#nodeId, fromMs, untilMs, events, columns, keys);
        this.#tailId = Number(inserted.lastInsertRowid);
      } else {
        this.#db
          .query(
            "UPDATE event_block SET from_ms = ?, until_ms = ?, events = ?, columns = ?, keys = ? WHERE id = ?",
          )
          .run(fromMs, untilMs, events, columns, keys, replaced);
        replaced = null;
      }
    }
    if (this.#tail.count === BLOCK_EVENTS) {
      this.#tail.count = 0;
      this.#tailId = null;
    }
  }

  #mergeRollup(tier: number, startMs: number, parts: readonly Rollup[]): void {
    const merged = this.#rollupAt(tier, startMs);
    for (const part of parts) {
      mergeSummary(merged.summary, part.summary);
      mergeCells(merged.cells, part.cells);
    }
    this.#db
      .query(
        "INSERT INTO rollup (node_id, tier, start_ms, summary, cells) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET summary = excluded.summary, cells = excluded.cells",
      )
      .run(this.#nodeId, tier, startMs, encodeSummary(merged.summary), encodeCells(merged.cells));
  }

  /** What the store has of an hour or a day; this process alone writes the node's roll-ups (see leaseNode). */
  #rollupAt(tier: number, startMs: number): Rollup {
    const key = `${tier} ${startMs}`;
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const rollup = createRollup();
    const stored = this.#db
      .query<RollupRow, [number, number, number]>(
        "SELECT summary, cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
      )
      .get(this.#nodeId, tier, startMs);
    if (stored !== null) {
      mergeEncodedSummary(rollup.summary, stored.summary);
      mergeEncodedCells(rollup.cells, stored.cells, { sketch: true });
    }
    this.#recent.set(key, rollup);
    return rollup;
  }

  #writeFacts(facts: Batch["facts"]): void {
    if (facts.length === 0) return;
    const insert = this.#db.query(
      "INSERT INTO fact (node_id, time_ms, type, satellite_id, identity, fields) VALUES (?, ?, ?, ?, ?, ?)",
    );
    for (const fact of facts) {
      insert.run(
        this.#nodeId,
        fact.timeMs,
        fact.type,
        fact.satelliteId,
        fact.identity,
        JSON.stringify(fact.fields),
      );
    }
  }

  #writeCheckpoint(at: Checkpoint): void {
    const recent = new Uint8Array(at.recent.buffer, at.recent.byteOffset, at.recent.byteLength);
    this.#db
      .query(
        `INSERT INTO log_file (node_id, head_bytes, head_hash, offset_bytes, tail_hash, known, ignored, malformed, piecestore, recent)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node_id, head_hash, head_bytes) DO UPDATE SET
         offset_bytes = excluded.offset_bytes, tail_hash = excluded.tail_hash, known = excluded.known,
         ignored = excluded.ignored, malformed = excluded.malformed, piecestore = excluded.piecestore, recent = excluded.recent`,
      )
      .run(
        this.#nodeId,
        at.headBytes,
        at.headHash,
        at.offsetBytes,
        at.tailHash,
        at.known,
        at.ignored,
        at.malformed,
        at.malformedOperations,
        recent,
      );
  }
}

function hoursByDay(hours: ReadonlyMap<number, Rollup>): Map<number, Rollup[]> {
  const days = new Map<number, Rollup[]>();
  for (const [startMs, rollup] of hours) {
    const dayMs = Math.floor(startMs / DAY_MS) * DAY_MS;
    const day = days.get(dayMs);
    if (day === undefined) days.set(dayMs, [rollup]);
    else day.push(rollup);
  }
  return days;
}

/** Appends rows [from, until) of `source`. */
function copyEvents(to: Events, source: Events, from: number, until: number): void {
  const at = to.count;
  to.timeMs.set(source.timeMs.subarray(from, until), at);
  to.durationMs.set(source.durationMs.subarray(from, until), at);
  to.sizeBytes.set(source.sizeBytes.subarray(from, until), at);
  to.satellite.set(source.satellite.subarray(from, until), at);
  to.action.set(source.action.subarray(from, until), at);
  to.outcome.set(source.outcome.subarray(from, until), at);
  to.coarse.set(source.coarse.subarray(from, until), at);
  to.keyLow.set(source.keyLow.subarray(from, until), at);
  to.keyHigh.set(source.keyHigh.subarray(from, until), at);
  to.count = at + until - from;
}
