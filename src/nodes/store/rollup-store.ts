import type { Database } from "bun:sqlite";
import type { RollupRow } from "../../db/tables/nodes.ts";
import { LRUCache } from "lru-cache";
import { DAY_MS } from "../log/vocabulary.ts";
import { openRow, sealBlob } from "../../db/sealed-blob.ts";
import { addCells, encodeCells } from "./cell-sums.ts";
import { packStored } from "./packed-hours.ts";
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
/** The number of roll-ups kept decoded. */
const RECENT_ROLLUPS = 4;
/** Days of an older store are packed this many at a time; each takes a millisecond. */
const DAYS_A_COMMIT = 31;

interface Stored {
  readonly rollup: Rollup;
  /** null if the store has none, or a damaged one. */
  readonly source: number | null;
  readonly isDamaged: boolean;
}

/** Called for an hour whose figures in the store are damaged. */
export type OnDamage = (startMs: number) => void;

type StoredRollup = Pick<RollupRow, "summary" | "cells">;

function addPart(to: Rollup, part: Rollup): void {
  mergeSummary(to.summary, part.summary);
  addCells(to.cells, part.cells);
}

/**
 * One node's roll-ups, of hours and of UTC days, for the node's only writer (see leaseNode). Call it inside a
 * transaction.
 */
export class RollupStore {
  readonly #db: Database;
  readonly #nodeId: number;
  /** The last ones written, by tier and start: the next batch is usually in the same hours. */
  readonly #recent = new LRUCache<string, Stored>({ max: RECENT_ROLLUPS });

  readonly #onDamage: OnDamage;
  /** Days whose hours are not packed; null until they have been queried. */
  #unpacked: Set<number> | null = null;

  constructor(db: Database, nodeId: number, onDamage: OnDamage) {
    this.#db = db;
    this.#nodeId = nodeId;
    this.#onDamage = onDamage;
  }

  /**
   * Adds what a log reported for these hours; the roll-ups belong to this store from then on. An hour imported from
   * storj_monitor is replaced by the log's; a damaged one starts again from zero.
   */
  addFromLog(hours: ReadonlyMap<number, Rollup>): void {
    const days = new Map<number, Rollup[]>();
    const replaced = new Set<number>();
    for (const [startMs, part] of hours) {
      const day = dayOf(startMs);
      const stored = this.#at(TIER_HOUR, startMs);
      const isReplaced = stored.source === SOURCE_MONITOR;
      const isFirst = stored.source === null || isReplaced;
      if (!isFirst) addPart(stored.rollup, part);
      const hour = isFirst ? part : stored.rollup;
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

  /** Replaces an hour in the store; its day must be rebuilt afterwards. */
  replaceHour(startMs: number, rollup: Rollup, source: number): void {
    this.#write(TIER_HOUR, startMs, rollup, source);
  }

  /** Sums a day from its hours. */
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

  /**
   * Packs the hours of days that are not packed, so that a comparison reads a whole day at once. Every change of an
   * hour deletes its day's packed hours (by triggers of the store), so a day still being written has to wait.
   *
   * @param beforeMs only days that begin before this are packed.
   */
  packDays(beforeMs: number): void {
    this.#unpacked ??= new Set(
      this.#db
        .query<{ startMs: number }, [number, number]>(
          `SELECT start_ms AS startMs FROM rollup AS day WHERE node_id = ? AND tier = ? AND NOT EXISTS
           (SELECT 1 FROM packed_day WHERE node_id = day.node_id AND start_ms = day.start_ms)`,
        )
        .all(this.#nodeId, TIER_DAY)
        .map(({ startMs }) => startMs),
    );
    let left = DAYS_A_COMMIT;
    for (const day of this.#unpacked) {
      if (day >= beforeMs || left === 0) continue;
      left -= 1;
      this.#unpacked.delete(day);
      const rows = this.#db
        .query<Pick<RollupRow, "startMs" | "summary">, [number, number, number, number]>(
          "SELECT start_ms AS startMs, summary FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms",
        )
        .all(this.#nodeId, TIER_HOUR, day, day + DAY_MS);
      const hours = packStored(day, rows);
      if (hours === null) continue;
      this.#db
        .query("INSERT OR REPLACE INTO packed_day (node_id, start_ms, hours) VALUES (?, ?, ?)")
        .run(this.#nodeId, day, sealBlob(hours));
    }
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
    this.#unpacked?.add(dayOf(startMs));
    this.#recent.set(`${tier} ${startMs}`, { rollup, source, isDamaged: false });
  }
}
