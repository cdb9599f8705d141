import type { Database } from "bun:sqlite";
import type { RollupRow } from "../../db/tables/nodes.ts";
import { DamagedBlob, openRow } from "../../db/sealed-blob.ts";
import { Failure } from "../../lib/errors.ts";
import { StoredLines } from "../ingest/line-dedupe.ts";
import { pushAbandoned } from "../ingest/pairing.ts";
import { loadPairState, type PairState, savePairState } from "../ingest/pair-state.ts";
import {
  copyEvents,
  createEvents,
  endIdentity,
  type Events,
  startIdentity,
  startLineIdentity,
  startMsOf,
} from "../log/events.ts";
import { ABANDONED, HOUR_MS } from "../log/vocabulary.ts";
import { decodeBlock, encodeBlock, type StoredBlock } from "../store/block.ts";
import { deleteNode, forgetComparisons, type NodeRow, takeLease } from "../store/node-store.ts";
import {
  addEvent,
  createRollup,
  decodeRollup,
  mergeSummary,
  type Rollup,
  dayOf,
  SOURCE_LOG,
  TIER_DAY,
  TIER_HOUR,
} from "../store/rollup.ts";
import { addCells } from "../store/cell-sums.ts";
import { RollupStore } from "../store/rollup-store.ts";
import { knownNode } from "./change-nodes.ts";

type HourRow = Pick<RollupRow, "startMs" | "summary" | "cells" | "closed" | "source">;

/**
 * What to do with an hour that both nodes have. `dedupe` compares its events one by one, and counts those that both
 * nodes have once. Where events were pruned, the hour as a whole is treated as the same lines or as other ones.
 */
type Shared = "dedupe" | "keep" | "take" | "add";

function operationsOf({ summary }: Rollup): number {
  return summary.counts.reduce((sum, count) => sum + count, 0);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function fateOf(from: HourRow, into: HourRow): Shared {
  // A log takes precedence over imported hours. Of two imported ones, the one with more operations wins.
  if (from.source !== into.source) return from.source === SOURCE_LOG ? "take" : "keep";
  if (from.source !== SOURCE_LOG)
    return operationsOf(decodeRollup(from)) > operationsOf(decodeRollup(into)) ? "take" : "keep";
  if (from.closed === 0 && into.closed === 0) return "dedupe";
  return isSame(from.summary, into.summary) && isSame(from.cells, into.cells) ? "keep" : "add";
}

/** Damaged data cannot be added up, so nothing is merged. */
function refuseDamaged(): never {
  throw new DamagedBlob();
}

function hoursOf(db: Database, nodeId: number): Map<number, HourRow> {
  const rows = db
    .query<HourRow, [number, number]>(
      "SELECT start_ms AS startMs, summary, cells, closed, source FROM rollup WHERE node_id = ? AND tier = ?",
    )
    .all(nodeId, TIER_HOUR);
  if (!rows.every((row) => openRow(row, ["summary", "cells"]))) refuseDamaged();
  return new Map(rows.map((row) => [row.startMs, row]));
}

function intactState(db: Database, nodeId: number): PairState {
  const { isDamaged, ...state } = loadPairState(db, nodeId);
  return isDamaged ? refuseDamaged() : state;
}

/** One merge, inside its transaction. */
class Merge {
  readonly #db: Database;
  readonly #from: NodeRow;
  readonly #into: NodeRow;
  readonly #known: StoredLines;
  readonly #fromHours: ReadonlyMap<number, HourRow>;
  readonly #intoHours: ReadonlyMap<number, HourRow>;
  readonly #fates = new Map<number, Shared>();
  /** For hours that both nodes have: the events that only the first node had. */
  readonly #news = new Map<number, Rollup>();
  readonly #intoState: PairState;

  constructor(db: Database, from: NodeRow, into: NodeRow) {
    this.#db = db;
    this.#from = from;
    this.#into = into;
    this.#intoState = intactState(db, into.id);
    this.#known = new StoredLines({
      db,
      nodeId: into.id,
      open: this.#intoState.open,
      own: [],
      onDamage: refuseDamaged,
    });
    this.#fromHours = hoursOf(db, from.id);
    this.#intoHours = hoursOf(db, into.id);
    for (const [startMs, hour] of this.#fromHours) {
      const other = this.#intoHours.get(startMs);
      if (other !== undefined) this.#fates.set(startMs, fateOf(hour, other));
    }
  }

  run(): void {
    // Known lines are looked up in the other node's blocks, so this must run before this node's blocks are among them.
    this.#moveOpen();
    this.#moveBlocks();
    this.#moveFacts();
    this.#moveHours();
    this.#moveRest();
  }

  /** Moves blocks unchanged, except those with an hour that both nodes have. */
  #moveBlocks(): void {
    const db = this.#db;
    const ids = db
      .query<{ id: number; fromMs: number; untilMs: number }, [number]>(
        "SELECT id, from_ms AS fromMs, until_ms AS untilMs FROM event_block WHERE node_id = ? ORDER BY id",
      )
      .all(this.#from.id);
    const rewritten: { id: number; block: StoredBlock | null }[] = [];
    for (const { id, fromMs, untilMs } of ids) {
      if (!this.#touchesShared(fromMs, untilMs)) continue;
      const stored = db
        .query<StoredBlock, [number]>("SELECT events, columns, keys FROM event_block WHERE id = ?")
        .get(id);
      if (stored === null) continue;
      const kept = this.#withoutKnown(decodeBlock(stored));
      if (kept !== null)
        rewritten.push({ id, block: kept.count === 0 ? null : encodeBlock(kept, 0, kept.count) });
    }
    for (const { id, block } of rewritten) {
      if (block === null) db.query("DELETE FROM event_block WHERE id = ?").run(id);
      else
        db.query(
          "UPDATE event_block SET from_ms = ?, until_ms = ?, events = ?, columns = ?, keys = ? WHERE id = ?",
        ).run(block.fromMs, block.untilMs, block.events, block.columns, block.keys, id);
    }
    db.query("UPDATE event_block SET node_id = ? WHERE node_id = ?").run(this.#into.id, this.#from.id);
  }

  #touchesShared(fromMs: number, untilMs: number): boolean {
    for (let hour = Math.floor(fromMs / HOUR_MS) * HOUR_MS; hour <= untilMs; hour += HOUR_MS) {
      if (this.#fates.has(hour)) return true;
      // With a damaged date a block may span centuries: assume that it has a shared hour.
      if (hour - fromMs > 24 * HOUR_MS) return true;
    }
    return false;
  }

  /** The events that only this node has; null if that is all of them. */
  #withoutKnown(events: Events): Events | null {
    const kept = createEvents(events.count);
    let isWhole = true;
    for (let row = 0; row < events.count; row += 1) {
      const timeMs = events.timeMs[row] ?? 0;
      const startMs = Math.floor(timeMs / HOUR_MS) * HOUR_MS;
      const fate = this.#fates.get(startMs);
      const identity = endIdentity(events, row) ?? startIdentity(events, row) ?? 0;
      if (fate === "keep" || (fate === "dedupe" && this.#known.take(identity, timeMs))) {
        isWhole = false;
        if (fate === "dedupe") this.#keepStart(events, row, kept);
        continue;
      }
      copyEvents(kept, events, row, row + 1);
      if (fate !== "dedupe") continue;
      let news = this.#news.get(startMs);
      if (news === undefined) this.#news.set(startMs, (news = createRollup()));
      addEvent(news, events, row);
    }
    return isWhole ? null : kept;
  }

  /** The other node has this end without its start: keep the start's line as a known line of its own. */
  #keepStart(events: Events, row: number, kept: Events): void {
    const [startMs, identity] = [startMsOf(events, row), startIdentity(events, row)];
    if (events.outcome[row] === ABANDONED || startMs === null || identity === null) return;
    if (this.#known.take(identity, startMs)) return;
    pushAbandoned(kept, {
      keyLow: events.key[row] ?? 0,
      keyHigh: 0,
      piece: 0,
      startMs,
      satellite: events.satellite[row] ?? 0,
      action: events.action[row] ?? 0,
      coarse: events.coarse[row] === 1,
    });
  }

  #moveOpen(): void {
    const from = intactState(this.#db, this.#from.id);
    const { open, raceLost, raceTold } = this.#intoState;
    for (const operation of from.open) {
      const { startMs, keyLow } = operation;
      if (!this.#known.take(startLineIdentity(startMs, keyLow), startMs)) open.add(operation);
    }
    savePairState(this.#db, this.#into.id, {
      open,
      raceLost: [...raceLost, ...from.raceLost],
      raceTold: [...raceTold, ...from.raceTold],
    });
  }

  #moveFacts(): void {
    const facts = this.#db
      .query<{ id: number; identity: number }, [number]>(
        "SELECT id, identity FROM fact WHERE node_id = ? ORDER BY id",
      )
      .all(this.#from.id);
    const move = this.#db.query("UPDATE fact SET node_id = ? WHERE id = ?");
    for (const { id, identity } of facts) if (!this.#known.takeFact(identity)) move.run(this.#into.id, id);
  }

  #moveHours(): void {
    const db = this.#db;
    const [fromHours, intoHours] = [this.#fromHours, this.#intoHours];
    const rollups = new RollupStore(db, this.#into.id, refuseDamaged);
    const drop = db.query("DELETE FROM rollup WHERE node_id = ? AND tier = ? AND start_ms = ?");
    const move = db.query("UPDATE rollup SET node_id = ? WHERE node_id = ? AND tier = ? AND start_ms = ?");
    for (const [startMs, hour] of fromHours) {
      const fate = this.#fates.get(startMs);
      const other = intoHours.get(startMs);
      if (fate === undefined || fate === "take") {
        drop.run(this.#into.id, TIER_HOUR, startMs);
        move.run(this.#into.id, this.#from.id, TIER_HOUR, startMs);
        continue;
      }
      const news = fate === "add" ? decodeRollup(hour) : this.#news.get(startMs);
      if (news === undefined || other === undefined) continue;
      // Single lines are not stored: if any of them were new, the levels of the whole hour are added.
      if (fate === "dedupe") addLines(news, decodeRollup(hour));
      const sum = decodeRollup(other);
      mergeSummary(sum.summary, news.summary);
      addCells(sum.cells, news.cells);
      rollups.replaceHour(startMs, sum, SOURCE_LOG);
      if (hour.closed === 1)
        db.query("UPDATE rollup SET closed = 1 WHERE node_id = ? AND tier = ? AND start_ms = ?").run(
          this.#into.id,
          TIER_HOUR,
          startMs,
        );
    }
    db.query("DELETE FROM rollup WHERE node_id = ? AND tier = ?").run(this.#from.id, TIER_DAY);
    for (const day of new Set(Array.from(fromHours.keys(), dayOf))) rollups.rebuildDay(day);
    rollups.packDays(Infinity);
  }

  /**
   * Moves the checkpoints (for a file read into both nodes, the further one) and the API's answers, and deletes the
   * node.
   */
  #moveRest(): void {
    const db = this.#db;
    const [from, into] = [this.#from.id, this.#into.id];
    db.query(
      `DELETE FROM log_file WHERE node_id = ?2 AND EXISTS (SELECT 1 FROM log_file AS other WHERE other.node_id = ?1
       AND other.head_hash = log_file.head_hash AND other.head_bytes = log_file.head_bytes
       AND other.offset_bytes > log_file.offset_bytes)`,
    ).run(from, into);
    for (const table of ["log_file", "node_snapshot"])
      db.query(`UPDATE OR IGNORE ${table} SET node_id = ? WHERE node_id = ?`).run(into, from);
    db.query(
      `UPDATE node SET version = version + 1, lease_pid = NULL, lease_mark = NULL,
       newest_ms = (SELECT max(newest_ms) FROM node WHERE id IN (?1, ?2)) WHERE id = ?2`,
    ).run(from, into);
    deleteNode(db, from);
    forgetComparisons(db, into);
  }
}

/** Adds the levels and the time span of an hour's lines, but none of its operations. */
function addLines(to: Rollup, { summary }: Rollup): void {
  for (const [level, count] of summary.levels.entries())
    to.summary.levels[level] = (to.summary.levels[level] ?? 0) + count;
  to.summary.firstMs = Math.min(to.summary.firstMs, summary.firstMs);
  to.summary.lastMs = Math.max(to.summary.lastMs, summary.lastMs);
}

/**
 * Merges one node into another, or changes nothing. All data of `from` goes to `into`. Lines that both nodes have are
 * counted once, and all lines stay known. For hours whose events were pruned, equal figures are taken to mean the same
 * lines.
 *
 * @throws Failure if a node is not known, both are the same, a process is ingesting into either, or any of their data
 * is damaged.
 */
export function mergeNodes(db: Database, from: string, into: string): void {
  const merge = db.transaction(() => {
    const [one, other] = [knownNode(db, from), knownNode(db, into)];
    if (one.id === other.id)
      throw new Failure("usage", `${from} cannot be merged into itself; name two nodes`);
    takeLease(db, one);
    takeLease(db, other);
    new Merge(db, one, other).run();
  });
  try {
    merge.immediate();
  } catch (error) {
    if (!(error instanceof DamagedBlob)) throw error;
    throw new Failure(
      "failed",
      `${from} and ${into} are not merged: something that the store has of them is damaged; see what with: nodupe status --deep`,
      { cause: error },
    );
  }
}
