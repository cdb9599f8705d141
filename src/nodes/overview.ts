import type { Database } from "bun:sqlite";
import { isoOrNull } from "../lib/format/moment.ts";
import type { NodeRow } from "../db/tables/nodes.ts";
import { gatherNode, type Window } from "./compare/load.ts";
import { coverageOf, measure } from "./compare/measure.ts";
import { metricsOf } from "./compare/registry.ts";
import { FAILED, HOUR_MS, KINDS, type LogLevel, SUCCESS } from "./log/vocabulary.ts";
import { type HourTable, sumOf } from "./store/hour-table.ts";
import type { Snapshot } from "./store/node-snapshot.ts";
import { type ScoresTold, satelliteNames, scoresTold } from "./store/satellite-scores.ts";

/** What a node's own API reported last. */
interface NodeStanding {
  readonly taken: string;
  readonly used_bytes: number | null;
  readonly total_bytes: number | null;
  readonly trash_bytes: number | null;
  readonly audit_score: number | null;
  readonly suspension_score: number | null;
  readonly online_score: number | null;
  readonly payout_usd: number | null;
  readonly held_usd: number | null;
  readonly disqualified: number | null;
  readonly suspended: number | null;
  readonly version: string | null;
}

/** A node at a glance, over the last hours. */
export interface NodeOverview {
  readonly node_name: string;
  readonly newest_line: string | null;
  /** Seconds since the newest line; null if there is none. */
  readonly age_s: number | null;
  readonly total_operations: number;
  /** Percent of all ended operations of the kind; null if there were none. */
  readonly success_rate_download: number | null;
  readonly success_rate_upload: number | null;
  readonly success_rate_audit: number | null;
  /** Percent of all ended operations that failed (canceled ones do not count as failed). */
  readonly failed_percent: number | null;
  readonly avg_latency_mean: number | null;
  /** Coverage of the same hours by the log. */
  readonly coverage_percent: number;
  /** `info` shows no started operations and not every failure, `error` shows only failures; null: no lines. */
  readonly log_level: LogLevel | null;
  /** 1 or 1000; null if no operation was timed. */
  readonly latency_resolution_ms: number | null;
  /** How many of these hours have damaged data in the store, which is left out. */
  readonly damaged_hours: number;
  /** The last scores in the node's log, by satellite. */
  readonly scores: readonly ScoresTold[];
  /** By hour, oldest first; null for hours without operations. */
  readonly hours: {
    readonly total_operations: readonly (number | null)[];
    readonly success_rate_download: readonly (number | null)[];
    readonly avg_latency_mean: readonly (number | null)[];
  };
  /** null if its API was never asked. */
  readonly standing: NodeStanding | null;
}

type NodeName = Pick<NodeRow, "id" | "name" | "newestMs">;

/** The hours of a window, in order; null for hours that the store does not have. */
function seriesOf(hours: HourTable, window: Window): NodeOverview["hours"] {
  const places = new Map([...hours.startMs].map((startMs, hour) => [startMs, hour]));
  const length = Math.ceil((window.untilMs - window.sinceMs) / HOUR_MS);
  const series = (of: (hour: number) => number | null): (number | null)[] =>
    Array.from({ length }, (_, at) => {
      const hour = places.get(window.sinceMs + at * HOUR_MS);
      return hour === undefined ? null : of(hour);
    });
  const ratio = (parts: Float64Array, wholes: Float64Array, scale: number): (number | null)[] =>
    series((hour) => (wholes[hour] === 0 ? null : ((parts[hour] ?? 0) / (wholes[hour] ?? 0)) * scale));
  const ended = hours.operations();
  const download = KINDS.indexOf("download");
  return {
    total_operations: series((hour) => ended[hour] ?? null),
    success_rate_download: ratio(hours.counts(download, SUCCESS), hours.trials(download), 100),
    avg_latency_mean: ratio(hours.timedMs(), hours.timed(), 1),
  };
}

function failedPercent(hours: HourTable): number | null {
  const ended = sumOf(hours.operations());
  const failed = KINDS.reduce((sum, _, kind) => sum + hours.countsTotal(kind, FAILED), 0);
  return ended === 0 ? null : (failed / ended) * 100;
}

/** The last known figure of each kind. */
function standingOf(last: Snapshot | null): NodeStanding | null {
  if (last === null) return null;
  return {
    taken: new Date(last.takenMs).toISOString(),
    used_bytes: last.usedBytes,
    total_bytes: last.totalBytes,
    trash_bytes: last.trashBytes,
    audit_score: last.auditScore,
    suspension_score: last.suspensionScore,
    online_score: last.onlineScore,
    payout_usd: last.payoutUsd,
    held_usd: last.heldUsd,
    disqualified: last.disqualified,
    suspended: last.suspended,
    version: last.version,
  };
}

/** An overview has no time limit of its own: its caller waits for it. */
const NO_DEADLINE = Infinity;
/** An overview does not show earnings. */
const NO_RATES = { egressUsd: 0, repairUsd: 0, auditUsd: 0, storageUsd: 0 };

/** Reads the last `hours` full hours and the current hour of every node, just as a comparison would. */
export function nodesOverview(
  db: Database,
  options: { readonly nowMs: number; readonly hours: number },
): readonly NodeOverview[] {
  const nodes = db
    .query<NodeName, []>("SELECT id, name, newest_ms AS newestMs FROM node ORDER BY name")
    .all();
  const { nowMs } = options;
  const thisHourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const sinceMs = thisHourMs - (options.hours - 1) * HOUR_MS;
  const window = { sinceMs, untilMs: thisHourMs + HOUR_MS };
  const satellites = satelliteNames(db);
  return nodes.map(({ id, name, newestMs }) => {
    const data = gatherNode(db, id, window, NO_DEADLINE);
    const measured = measure(data, { window, rates: NO_RATES, earningsSource: "model" });
    const { total_operations, avg_latency_mean, latency_resolution_ms, ...metrics } = metricsOf(measured);
    const { success_rate_download, success_rate_upload, success_rate_audit } = metrics;
    return {
      node_name: name,
      newest_line: isoOrNull(newestMs),
      age_s: newestMs === null ? null : (nowMs - newestMs) / 1_000,
      total_operations: total_operations ?? 0,
      success_rate_download,
      success_rate_upload,
      success_rate_audit,
      failed_percent: failedPercent(data.hours),
      avg_latency_mean,
      // The current hour is covered only up to now.
      coverage_percent: coverageOf(data.hours, { sinceMs, untilMs: nowMs }),
      log_level: measured.nature.level,
      latency_resolution_ms,
      damaged_hours: data.damagedHours.length,
      scores: scoresTold(data.scores, satellites),
      hours: seriesOf(data.hours, window),
      standing: standingOf(data.snapshot),
    };
  });
}
