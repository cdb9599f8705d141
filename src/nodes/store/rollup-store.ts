import type { Database } from "bun:sqlite";
import type { RollupRow } from "../../db/tables/nodes.ts";
import { LRUCache } from "lru-cache";
import { DAY_MS } from "../log/vocabulary.ts";
import { openRow, sealBlob } from "../../db/sealed-blob.ts";
import { addCells, encodeCells } from "./cell-sums.ts";
import {
  createRollup,
  dayOf,
  decodeRollup,
  encodeSummary,
  mergeSummary,
  type Rollup,
  SOURCE_LOG,
  SOURCE_MONITOR,
  TIER_DAY,
  TIER_HOUR,
} from "./rollup.ts";

const BLOBS = ["summary", "cells"] as const;
/** Roll-ups kept decoded. */
const RECENT_ROLLUPS = 4;

interface Stored {
  readonly rollup: Rollup;
  /** null where the store has none, or has it damaged. */
  readonly source: number | null;
  readonly isDamaged: boolean;
}

/** Told of an hour whose figures in the store are damaged. */
export type OnDamage = (startMs: number) => void;

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

  readonly #onDamage: OnDamage;

  constructor(db: Database, nodeId: number, onDamage: OnDamage) {
    this.#db = db;
    this.#nodeId = nodeId;
    this.#onDamage = onDamage;
  }

  /**
   * Adds what a log told of these hours. An hour that was taken over from storj_monitor is the log's alone from then on;
   * one that is damaged begins anew.
   */
  addFromLog(hours: ReadonlyMap<number, Rollup>): void {
    const days = new Map<number, Rollup[]>();
    const replaced = new Set<number>();
    for (const [startMs, part] of hours) {
      const day = dayOf(startMs);
      const stored = this.#at(TIER_HOUR, startMs);
      const isReplaced = stored.source === SOURCE_MONITOR;
      const hour = isReplaced ? createRollup() : stored.rollup;
      addPart(hour, part);
      if (stored.isDamaged) this.#onDamage(startMs);
      this.#write(TIER_HOUR, startMs, hour, SOURCE_LOG);
      if (isReplaced) replaced.add(day);
      days.set(day, [...(days.get(day) ?? []), part]);
    }
    for (const [day, parts] of days) {
      const { rollup, isDamaged } = this.#at(TIER_DAY, day);
      if (isDamaged || replaced.has(day)) this.rebuildDay(day);
      else {
        for (const part of parts) addPart(rollup, part);
        this.#write(TIER_DAY, day, rollup, SOURCE_LOG);
      }
    }
  }

  /** Puts an hour in the place of whatever the store has; its day must be built anew. */
  replaceHour(startMs: number, rollup: Rollup, source: number): void {
    this.#write(TIER_HOUR, startMs, rollup, source);
  }

  /** Adds a day up from its hours. */
  rebuildDay(day: number): void {
    const rollup = createRollup();
    const rows = this.#db
      .query<StoredRollup & Pick<RollupRow, "startMs">, [number, number, number, number]>(
        "SELECT start_ms AS startMs, summary, cells FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ?",
      )
      .all(this.#nodeId, TIER_HOUR, day, day + DAY_MS);
    for (const row of rows) {
      if (openRow(row, BLOBS)) addPart(rollup, decodeRollup(row));
      else this.#onDamage(row.startMs);
    }
    if (rows.length > 0) this.#write(TIER_DAY, day, rollup, SOURCE_LOG);
  }

  #at(tier: number, startMs: number): Stored {
    const recent = this.#recent.get(`${tier} ${startMs}`);
    if (recent !== undefined) return recent;
    const row = this.#db
      .query<StoredRollup & Pick<RollupRow, "source">, [number, number, number]>(
        "SELECT summary, cells, source FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?",
      )
      .get(this.#nodeId, tier, startMs);
    if (row === null) return { rollup: createRollup(), source: null, isDamaged: false };
    if (!openRow(row, BLOBS)) return { rollup: createRollup(), source: null, isDamaged: true };
    return { rollup: decodeRollup(row), source: row.source, isDamaged: false };
  }

  #write(tier: number, startMs: number, rollup: Rollup, source: number): void {
    this.#db
      .query(
        `INSERT INTO rollup (node_id, tier, start_ms, summary, cells, source) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET summary = excluded.summary, cells = excluded.cells, source = excluded.source`,
      )
      .run(
        this.#nodeId,
        tier,
        startMs,
        sealBlob(encodeSummary(rollup.summary)),
        sealBlob(encodeCells(rollup.cells)),
        source,
      );
    this.#recent.set(`${tier} ${startMs}`, { rollup, source, isDamaged: false });
  }
}
