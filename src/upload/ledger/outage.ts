import type { Database } from "bun:sqlite";

/** Outages with less than this between them are one: a server that goes up and down has been away since the first. */
const SAME_WITHIN_MS = 300_000;

/**
 * Records for `nodupe status` that a destination accepts no uploads.
 *
 * @param outage.untilMs when it accepts some again (ms since the epoch); null if that is not known.
 */
export function beginOutage(
  db: Database,
  destinationId: number,
  outage: { readonly reason: string; readonly untilMs: number | null },
  nowMs: number,
): void {
  db.query(
    `UPDATE destination SET outage_reason = ?2, outage_until_ms = ?3, outage_since_ms =
       CASE WHEN outage_since_ms IS NULL OR outage_until_ms < ?4 - ${SAME_WITHIN_MS} THEN ?4 ELSE outage_since_ms END
     WHERE id = ?1`,
  ).run(destinationId, outage.reason, outage.untilMs, nowMs);
}

/** Records that it accepts uploads. */
export function endOutage(db: Database, destinationId: number, nowMs: number): void {
  db.query(
    `UPDATE destination SET outage_until_ms = ?2
     WHERE id = ?1 AND outage_since_ms IS NOT NULL AND coalesce(outage_until_ms, ?2 + 1) > ?2`,
  ).run(destinationId, nowMs);
}
