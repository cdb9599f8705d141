import type { Database } from "bun:sqlite";
import { HOUR_MS } from "../log/vocabulary.ts";

/** Blocks that one transaction deletes: the write lock is held for milliseconds. */
const BLOCKS_A_TIME = 256;

/**
 * Deletes the events of whole hours that are older than `retentionMs`, reckoned from the node's newest line and not
 * from the clock: a board without a clock battery must not prune what is new. The hours are closed first, so that
 * their lines stay known. Answers how many events went.
 */
export function pruneEvents(db: Database, nodeId: number, retentionMs: number): number {
  const row = db
    .query<{ newestMs: number | null; closedBeforeMs: number }, [number]>(
      "SELECT newest_ms AS newestMs, closed_before_ms AS closedBeforeMs FROM node WHERE id = ?",
    )
    .get(nodeId);
  if (row?.newestMs == null) return 0;
  const beforeMs = Math.floor((row.newestMs - retentionMs) / HOUR_MS) * HOUR_MS;
  const isStale = db.query<{ id: number }, [number, number]>(
    "SELECT id FROM event_block WHERE node_id = ? AND until_ms < ? LIMIT 1",
  );
  if (beforeMs <= row.closedBeforeMs && isStale.get(nodeId, beforeMs) === null) return 0;
  db.query("UPDATE node SET closed_before_ms = max(closed_before_ms, ?) WHERE id = ?").run(beforeMs, nodeId);
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
