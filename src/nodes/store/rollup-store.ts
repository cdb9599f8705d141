import type { Database } from "bun:sqlite";
import type { RollupRow } from "../../db/tables/nodes.ts";
import { LRUCache } from "lru-cache";
import { DAY_MS } from "../log/vocabulary.ts";
import { addCells, encodeCells } from "./cell-sums.ts";
import {
  addStoredRollup,
  createRollup,
  dayOf,
  encodeSummary,
  mergeSummary,
  type Rollup,
  SOURCE_LOG,
  SOURCE_MONITOR,
  TIER_DAY,
  TIER_HOUR,
} from "./rollup.ts";

/** Roll-ups kept decoded. */
const RECENT_ROLLUPS = 4;

interface Stored {
  readonly rollup: Rollup;
  /** null where the store has none. */
  readonly source: number | null;
}

type StoredRollup = Pick<RollupRow, "summary" | "cells">;

function addPart(to: Rollup, part: Rollup): void {
  mergeSummary(to.summary, part.summary);
  addCells(to.cells, part.cells);
}

/**
 * One node's roll-ups, hours and UTC days, as its only writer holds them (see leaseNode). Called within a transaction.
 */
export class RollupStore {
  readonly #db: Database;
  readonly #nodeId: number;
  /** As last written, by tier and start: the next batch mostly falls into the same hours. */
  readonly #recent = new LRUCache<string, Stored>({ max: RECENT_ROLLUPS });

  constructor(db: Database, nodeId: number) {
    this.#db = db;
    this.#nodeId = nodeId;
  }

  /** Adds what a log told of these hours. An hour that was taken over from storj_monitor is the log's alone from then on. */
  addFromLog(hours: ReadonlyMap<number, Rollup>): void {
    const days = new Map<number, Rollup[]>();
    const replaced = new Set<number>();
    for (const [startMs, part] of hours) {
      const day = dayOf(startMs);
      const stored = this.#at(TIER_HOUR, startMs);
      const isReplaced = stored.source === SOURCE_MONITOR;
      const hour = isReplaced ? createRollup() : stored.rollup;
      addPart(hour, part);
      this.#write(TIER_HOUR, startMs, { rollup: hour, source: SOURCE_LOG });
      if (isReplaced) replaced.add(day);
      days.set(day, [...(days.get(day) ?? []), part]);
    }
    for (const [day, parts] of days) {
      if (replaced.has(day)) this.rebuildDay(day);
      else {
        const { rollup } = this.#at(TIER_DAY, day);
        for (const part of parts) addPart(rollup, part);
        this.#write(TIER_DAY, day, { rollup, source: SOURCE_LOG });
      }
    }
  }

  /** Puts an hour in the place of whatever the store has; its day must be built anew. */
  replaceHour(startMs: number, rollup: Rollup, source: number): void {
    this.#write(TIER_HOUR, startMs, { rollup, source });
  }

  /** Adds a day up from its hours. */
  rebuildDay(day: number): void {
    const rollup = createRollup();
    const rows = this.#db
      .query<StoredRollup, [number, number, number, number]>(
        "SELECT summary, cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ?",
      )
      .all(this.#nodeId, TIER_HOUR, day, day + DAY_MS);
    for (const row of rows) addStoredRollup(rollup, row);
    if (rows.length > 0) this.#write(TIER_DAY, day, { rollup, source: SOURCE_LOG });
  }

  #at(tier: number, startMs: number): Stored {
    const recent = this.#recent.get(`${tier} ${startMs}`);
    if (recent !== undefined) return recent;
    const rollup = createRollup();
    const row = this.#db
      .query<StoredRollup & Pick<RollupRow, "source">, [number, number, number]>(
        "SELECT summary, cells, source FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
      )
      .get(this.#nodeId, tier, startMs);
    if (row !== null) addStoredRollup(rollup, row);
    return { rollup, source: row?.source ?? null };
  }

  #write(tier: number, startMs: number, stored: { rollup: Rollup; source: number }): void {
    const { rollup, source } = stored;
    this.#db
      .query(
        `INSERT INTO rollup (node_id, tier, start_ms, summary, cells, source) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET summary = excluded.summary, cells = excluded.cells, source = excluded.source`,
      )
      .run(this.#nodeId, tier, startMs, encodeSummary(rollup.summary), encodeCells(rollup.cells), source);
    this.#recent.set(`${tier} ${startMs}`, stored);
  }
}
