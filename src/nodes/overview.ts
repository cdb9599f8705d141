import type { Database } from "bun:sqlite";
import type { NodeRow } from "../db/tables/nodes.ts";
import { latestSnapshot } from "./store/node-snapshot.ts";
import { TIER_HOUR } from "./store/rollup.ts";
import { resolutionMs } from "./compare/latency.ts";
import { coverageOf } from "./compare/measure.ts";
import { HOUR_MS, KINDS, LEVELS, type LogLevel, logLevelOf } from "./log/vocabulary.ts";
import { type HourStats, readHourStats } from "./store/hour-stats.ts";
import { type ScoresTold, satelliteNames, scoresTold, satelliteScores } from "./store/satellite-scores.ts";

/** What a node's own API said last. */
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
  /** Seconds since the newest line; null where there is none. */
  readonly age_s: number | null;
  readonly total_operations: number;
  /** Percent of all ended operations of the kind; null where there were none. */
  readonly success_rate_download: number | null;
  readonly success_rate_upload: number | null;
  readonly success_rate_audit: number | null;
  /** Percent of all ended operations that failed (canceled ones are not among them). */
  readonly failed_percent: number | null;
  readonly avg_latency_mean: number | null;
  /** Of the same hours. */
  readonly coverage_percent: number;
  /** `info` shows no started operations and not every failure, `error` failures alone; null: no lines. */
  readonly log_level: LogLevel | null;
  /** 1 or 1000; null where nothing was timed. */
  readonly latency_resolution_ms: number | null;
  /** By satellite, as its log told them last. */
  readonly scores: readonly ScoresTold[];
  /** By hour, oldest first; null where nothing happened. */
  readonly hours: {
    readonly total_operations: readonly (number | null)[];
    readonly success_rate_download: readonly (number | null)[];
    readonly avg_latency_mean: readonly (number | null)[];
  };
  /** null where its API was never asked. */
  readonly standing: NodeStanding | null;
}

type NodeName = Pick<NodeRow, "id" | "name" | "newestMs">;

const OUTCOMES = 3;
const [SUCCESS, FAILED] = [0, 2];

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : (part / whole) * 100;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Adds hours up: what they are counted as, their latency, the levels of their lines. */
function totals(hours: readonly HourStats[]) {
  const added = (length: number, of: (hour: HourStats) => readonly number[]): number[] =>
    Array.from({ length }, (_, at) => sum(hours.map((hour) => of(hour)[at] ?? 0)));
  return {
    counts: added(KINDS.length * OUTCOMES, ({ counts }) => counts),
    levels: added(LEVELS.length, ({ levels }) => levels),
    timed: sum(hours.map(({ timed }) => timed)),
    timedMs: sum(hours.map(({ timedMs }) => timedMs)),
    coarse: sum(hours.map(({ coarse }) => coarse)),
  };
}

function rateOf(counts: readonly number[], kind: (typeof KINDS)[number]): number | null {
  const at = KINDS.indexOf(kind) * OUTCOMES;
  return share(counts[at + SUCCESS] ?? 0, sum(counts.slice(at, at + OUTCOMES)));
}

function meanOf({ timed, timedMs }: { timed: number; timedMs: number }): number | null {
  return timed === 0 ? null : timedMs / timed;
}

/** The last good figure of each kind. */
function standingOf(db: Database, nodeId: number): NodeStanding | null {
  const last = latestSnapshot(db, nodeId);
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

/** Reads every node's last `hours` full hours and the one at work, from the hourly roll-ups. */
export function nodesOverview(
  db: Database,
  options: { readonly nowMs: number; readonly hours: number },
): readonly NodeOverview[] {
  const nodes = db
    .query<NodeName, []>("SELECT id, name, newest_ms AS newestMs FROM node ORDER BY name")
    .all();
  const firstMs = (Math.floor(options.nowMs / HOUR_MS) - options.hours + 1) * HOUR_MS;
  const read = db.query<{ start: number; summary: Uint8Array }, [number, number, number]>(
    "SELECT start_ms AS start, summary FROM rollup WHERE node_id = ? AND tier = ? AND start_ms >= ? ORDER BY start_ms",
  );
  const satellites = satelliteNames(db);
  return nodes.map(({ id, name, newestMs }) => {
    const hours = read.all(id, TIER_HOUR, firstMs).map(({ start, summary }) => readHourStats(start, summary));
    const byHour = Array.from({ length: options.hours }, (_, at) =>
      hours.find(({ startMs }) => startMs === firstMs + at * HOUR_MS),
    );
    const all = totals(hours);
    const ended = sum(all.counts);
    const failed = sum(all.counts.filter((_, at) => at % OUTCOMES === FAILED));
    const series = (of: (hour: HourStats) => number | null): (number | null)[] =>
      byHour.map((hour) => (hour === undefined ? null : of(hour)));
    return {
      node_name: name,
      newest_line: newestMs === null ? null : new Date(newestMs).toISOString(),
      age_s: newestMs === null ? null : (options.nowMs - newestMs) / 1_000,
      total_operations: ended,
      success_rate_download: rateOf(all.counts, "download"),
      success_rate_upload: rateOf(all.counts, "upload"),
      success_rate_audit: rateOf(all.counts, "audit"),
      failed_percent: share(failed, ended),
      avg_latency_mean: meanOf(all),
      coverage_percent: coverageOf(hours, { sinceMs: firstMs, untilMs: options.nowMs }),
      log_level: logLevelOf(all.levels),
      latency_resolution_ms: resolutionMs(all.timed, all.coarse),
      scores: scoresTold(satelliteScores(db, id, options.nowMs), satellites),
      hours: {
        total_operations: series((hour) => sum(hour.counts)),
        success_rate_download: series((hour) => rateOf(hour.counts, "download")),
        avg_latency_mean: series(meanOf),
      },
      standing: standingOf(db, id),
    };
  });
}
