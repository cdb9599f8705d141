import type { Database } from "bun:sqlite";
import { satelliteName } from "../log/satellite-names.ts";

/** A satellite's scores of the node in the newest line of the log, 0 to 1; at 0 the node is disqualified. */
export interface SatelliteScores {
  readonly satelliteId: number;
  readonly audit: number | null;
  readonly suspension: number | null;
  readonly online: number | null;
}

/** The last scores from each satellite before the window's end, from the log. */
export function satelliteScores(db: Database, nodeId: number, untilMs: number): SatelliteScores[] {
  return db
    .query<SatelliteScores, [number, number]>(
      `SELECT satellite_id AS satelliteId,
              coalesce(fields ->> '$."Audit Score"', fields ->> '$.audit_score') AS audit,
              coalesce(fields ->> '$."Suspension Score"', fields ->> '$.suspension_score') AS suspension,
              coalesce(fields ->> '$."Online Score"', fields ->> '$.online_score') AS online
       FROM (SELECT satellite_id, fields, max(time_ms) FROM fact
             WHERE node_id = ? AND type = 'reputation' AND time_ms < ? GROUP BY satellite_id)`,
    )
    .all(nodeId, untilMs);
}

/** One satellite's last scores of the node, in a readable form. */
export interface ScoresTold {
  readonly satellite: string;
  readonly audit_percent: number | null;
  readonly suspension_percent: number | null;
  readonly online_percent: number | null;
}

function percent(score: number | null): number | null {
  // In some logs the field is text rather than a number.
  return typeof score === "number" ? score * 100 : null;
}

/** The names of the store's satellites in logs, by ID. */
export function satelliteNames(db: Database): ReadonlyMap<number, string> {
  const rows = db.query<{ id: number; name: string }, []>("SELECT id, name FROM satellite").all();
  return new Map(rows.map((row) => [row.id, row.name]));
}

export function scoresTold(
  scores: readonly SatelliteScores[],
  satellites: ReadonlyMap<number, string>,
): ScoresTold[] {
  return scores.map(({ satelliteId, audit, suspension, online }) => ({
    satellite: satelliteName(satellites.get(satelliteId) ?? ""),
    audit_percent: percent(audit),
    suspension_percent: percent(suspension),
    online_percent: percent(online),
  }));
}
