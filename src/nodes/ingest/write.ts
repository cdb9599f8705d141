import type { Database } from "bun:sqlite";
import { Failure } from "../../lib/errors.ts";
import { BLOCK_EVENTS, encodeBlock, LARGE_BLOCK_EVENTS, type StoredBlock } from "../store/block.ts";
import { copyEvents, createEvents, type Events } from "../log/events.ts";
import { type PairState, savePairState } from "./pair-state.ts";
import { type Checkpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Fact } from "../log/parsed-lines.ts";
import { forgetComparisons } from "../store/node-store.ts";
import type { Rollup } from "../store/rollup.ts";
import { type OnDamage, RollupStore } from "../store/rollup-store.ts";
import { dayOf } from "../store/rollup.ts";

/** All changes of one batch, which are stored together or not at all. */
export interface Batch {
  readonly events: Events;
  /** By the start of the hour in ms. */
  readonly hours: ReadonlyMap<number, Rollup>;
  readonly facts: readonly (Fact & { readonly satelliteId: number })[];
  readonly state: PairState;
  readonly newestMs: number | null;
  /** Nothing follows for now, so the last day's hours are packed too. */
  readonly isLast?: boolean;
  /** null: the source cannot be resumed (a pipe, a compressed file). */
  readonly checkpoint: Checkpoint | null;
}

function newestOf(startsMs: Iterable<number>): number {
  let newestMs = -Infinity;
  for (const startMs of startsMs) newestMs = Math.max(newestMs, startMs);
  return newestMs;
}

/**
 * Stores the batches of one node. Events fill blocks across batches: the last, partly filled block is rewritten with
 * the next events, so that a follower's small batches do not leave small blocks.
 */
export class BatchWriter {
  readonly #db: Database;
  readonly #nodeId: number;
  readonly #nodeName: string;
  #version: number;
  #tail: Events = createEvents(BLOCK_EVENTS);
  #tailId: number | null = null;
  readonly rollups: RollupStore;

  constructor(db: Database, node: { id: number; name: string; version: number }, onDamage: OnDamage) {
    this.#db = db;
    this.#nodeId = node.id;
    this.#nodeName = node.name;
    this.#version = node.version;
    this.rollups = new RollupStore(db, node.id, onDamage);
  }

  /** Leaves the blocks written so far unchanged: the next file must find what the files before it added. */
  startFile(): void {
    this.#tail.count = 0;
    this.#tailId = null;
  }

  /** Stores a batch in one short transaction. Everything possible is prepared before the write lock is taken. */
  commit(batch: Batch): void {
    const blocks = this.#blocksOf(batch.events);
    const db = this.#db;
    const write = db.transaction(() => {
      this.#takeVersion(batch.newestMs);
      savePairState(db, this.#nodeId, batch.state);
      this.#writeBlocks(blocks);
      this.rollups.addFromLog(batch.hours);
      this.rollups.packDays(batch.isLast === true ? Infinity : dayOf(newestOf(batch.hours.keys())));
      this.#writeFacts(batch.facts);
      if (batch.checkpoint !== null) writeCheckpoint(db, this.#nodeId, batch.checkpoint);
      forgetComparisons(db, this.#nodeId);
    });
    write.immediate();
    this.#version += 1;
  }

  /** Replaces whole hours in the store. */
  commitHours(hours: ReadonlyMap<number, Rollup>, source: number): void {
    const write = this.#db.transaction(() => {
      this.#takeVersion(Math.max(...Array.from(hours.values(), ({ summary }) => summary.lastMs)));
      for (const [startMs, rollup] of hours) this.rollups.replaceHour(startMs, rollup, source);
      for (const day of new Set(Array.from(hours.keys(), dayOf))) this.rollups.rebuildDay(day);
      this.rollups.packDays(Infinity);
      forgetComparisons(this.#db, this.#nodeId);
    });
    write.immediate();
    this.#version += 1;
  }

  #takeVersion(newestMs: number | null): void {
    const mine = this.#db
      .query(
        "UPDATE node SET version = version + 1, newest_ms = max(coalesce(newest_ms, ?), ?) WHERE id = ? AND version = ?",
      )
      .run(newestMs, newestMs ?? 0, this.#nodeId, this.#version);
    if (mine.changes === 0) {
      throw new Failure(
        "failed",
        `another process ingested into node ${this.#nodeName} at the same time; run this again`,
      );
    }
  }

  /**
   * Makes blocks of the tail and the new events; the first one replaces the tail's row. Leftover events stay in an open
   * block only if they fill less than half of it: otherwise a large batch would encode its last block again with the
   * next batch.
   */
  #blocksOf(events: Events): StoredBlock[] {
    const tail = this.#tail;
    const blocks: StoredBlock[] = [];
    let from = 0;
    if (tail.count > 0) {
      from = Math.min(events.count, BLOCK_EVENTS - tail.count);
      copyEvents(tail, events, 0, from);
      if (from > 0) blocks.push(encodeBlock(tail, 0, tail.count));
      if (tail.count === BLOCK_EVENTS) tail.count = 0;
    }
    while (events.count - from >= BLOCK_EVENTS / 2) {
      const until = Math.min(events.count, from + LARGE_BLOCK_EVENTS);
      blocks.push(encodeBlock(events, from, until));
      from = until;
    }
    if (from < events.count) {
      copyEvents(tail, events, from, events.count);
      blocks.push(encodeBlock(tail, 0, tail.count));
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
    // Full blocks are not written again.
    if (this.#tail.count === 0) this.#tailId = null;
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
}
