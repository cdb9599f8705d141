import type { Database } from "bun:sqlite";
import { SOURCE_LOG, TIER_HOUR } from "../store/rollup.ts";
import { DAY_MS, HOUR_MS } from "../log/vocabulary.ts";

/** Blocks deleted in one transaction, so that the write lock is held only for milliseconds. */
const BLOCKS_A_TIME = 256;

export interface RetentionOptions {
  readonly retentionMs: number;
  /** Lines from this hour on may still come from the file being read; null if all lines were read. */
  readonly readingMs: number | null;
  readonly nowMs: number;
}

/**
 * Deletes the events of whole hours older than the retention. Age counts from the node's newest line rather than the
 * clock: a board without a clock battery must not prune new events. Nor may a line with a damaged date prune
 * everything: a newest line more than a day ahead of the clock is not believed. The hours are closed first, so that
 * their lines stay known. Returns how many events were deleted.
 */
export function pruneEvents(db: Database, nodeId: number, options: RetentionOptions): number {
  const row = db
    .query<{ newestMs: number | null }, [number]>("SELECT newest_ms AS newestMs FROM node WHERE id = ?")
    .get(nodeId);
  if (row?.newestMs == null) return 0;
  const newestMs = Math.min(row.newestMs, options.nowMs + DAY_MS);
  const limitMs = Math.min(
    newestMs - options.retentionMs,
    options.readingMs === null ? Infinity : options.readingMs - HOUR_MS,
  );
  const beforeMs = Math.floor(limitMs / HOUR_MS) * HOUR_MS;
  db.query(
    "UPDATE rollup SET closed = 1 WHERE node_id = ? AND tier = ? AND start_ms < ? AND closed = 0 AND source = ?",
  ).run(nodeId, TIER_HOUR, beforeMs, SOURCE_LOG);
  let pruned = 0;
  for (;;) {
    const gone = db
      .query<{ events: number }, [number, number, number]>(
        `DELETE FROM event_block WHERE id IN
         (SELECT id FROM event_block WHERE node_id = ? AND until_ms < ? LIMIT ?) RETURNING events`,
      )
      .all(nodeId, beforeMs, BLOCKS_A_TIME);
    for (const block of gone) pruned += block.events;
    if (gone.length < BLOCKS_A_TIME) return pruned;
  }
}
