import type { HourStats } from "../store/hour-stats.ts";
import { cellParts, type SummedCells } from "../store/cell-sums.ts";
import {
  HOUR_MS,
  isEgress,
  isIngress,
  isRepair,
  kindOfAction,
  KINDS,
  LEVELS,
  type LogLevel,
  logLevelOf,
  SUCCESS,
} from "../log/vocabulary.ts";
import { type Earnings, earningsOf, type EarningsSource, type Rates } from "./earnings.ts";
import { Latency } from "./latency.ts";
import type { Snapshot } from "../store/node-snapshot.ts";
import type { SatelliteScores } from "../store/satellite-scores.ts";
import type { NodeData, Window } from "./load.ts";

/** Ended operations of the window, and the bytes of the successful ones. */
export interface Tally {
  readonly operations: number;
  readonly downloads: number;
  readonly uploads: number;
  readonly audits: number;
  readonly repairs: number;
  readonly downloadBytes: number;
  readonly uploadBytes: number;
}

/** One node's data, and what is computed of it once for all metrics. */
export interface Measured {
  readonly data: NodeData;
  readonly window: Window;
  readonly tally: Tally;
  readonly latency: Latency;
  readonly earnings: Earnings;
  readonly nature: LogNature;
}

/** What a node's log is like: what can be compared with it. */
export interface LogNature {
  /** `debug` shows started operations and every failure; `info` does not; `error` shows failures alone. null: no lines. */
  readonly level: LogLevel | null;
  readonly hasDurations: boolean;
  /** Hours that were taken over from storj_monitor: operations that no line of a log tells. */
  readonly importedHours: number;
}

export function measure(
  data: NodeData,
  options: { window: Window; rates: Rates; earningsSource: EarningsSource },
): Measured {
  const { window, rates, earningsSource } = options;
  const tally = tallyOf(data.cells);
  const earnings = earningsOf(data.cells, data.snapshot, {
    rates,
    window,
    source: earningsSource,
    hasOperations: tally.operations > 0,
  });
  const latency = new Latency(data.hours, data.bucketCounts);
  return { data, window, tally, latency, earnings, nature: natureOf(data.hours) };
}

function tallyOf(cells: SummedCells): Tally {
  const byKind = KINDS.map(() => 0);
  let operations = 0;
  let repairs = 0;
  let downloadBytes = 0;
  let uploadBytes = 0;
  for (const [key, cell] of cells) {
    const { action, outcome } = cellParts(key);
    const kind = kindOfAction(action);
    byKind[kind] = (byKind[kind] ?? 0) + cell.count;
    operations += cell.count;
    if (isRepair(action)) repairs += cell.count;
    if (outcome !== SUCCESS) continue;
    if (isEgress(action)) downloadBytes += cell.bytes;
    if (isIngress(action)) uploadBytes += cell.bytes;
  }
  const [downloads = 0, uploads = 0, audits = 0] = byKind;
  return { operations, downloads, uploads, audits, repairs, downloadBytes, uploadBytes };
}

/** An hour's operations of a kind, and those of them that had the outcome. */
export function countsOf(
  { counts }: Pick<HourStats, "counts">,
  kind: number,
  outcome: number,
): { trials: number; successes: number } {
  const first = kind * 3;
  const trials = (counts[first] ?? 0) + (counts[first + 1] ?? 0) + (counts[first + 2] ?? 0);
  return { trials, successes: counts[first + outcome] ?? 0 };
}

/** In percent of the kind's operations; null where there were none. */
export function shareOf(
  hours: readonly Pick<HourStats, "counts">[],
  kind: number,
  outcome: number,
): number | null {
  let successes = 0;
  let trials = 0;
  for (const hour of hours) {
    const counts = countsOf(hour, kind, outcome);
    successes += counts.successes;
    trials += counts.trials;
  }
  return trials === 0 ? null : (successes / trials) * 100;
}

/**
 * The share of the window that the log covers, in percent: from its first to its last line, less the whole hours in
 * between that have no line at all.
 */
export function coverageOf(hours: readonly HourStats[], window: Window): number {
  const lengthMs = window.untilMs - window.sinceMs;
  if (lengthMs <= 0) return 0;
  const lined = hours.filter((hour) => hour.firstMs <= hour.lastMs);
  const first = lined[0];
  const last = lined.at(-1);
  if (first === undefined || last === undefined) return 0;
  let coveredMs = 0;
  for (const hour of lined) {
    const fromMs = hour === first ? hour.firstMs : hour.startMs;
    const untilMs = hour === last ? hour.lastMs : hour.startMs + HOUR_MS;
    coveredMs += Math.max(0, Math.min(untilMs, window.untilMs) - Math.max(fromMs, window.sinceMs));
  }
  return Math.min(100, (coveredMs / lengthMs) * 100);
}

function natureOf(hours: readonly HourStats[]): LogNature {
  const levels = LEVELS.map((_, level) => hours.reduce((sum, hour) => sum + (hour.levels[level] ?? 0), 0));
  const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
  return {
    level: logLevelOf(levels),
    hasDurations: hours.some(({ timed }) => timed > 0),
    importedHours: hours.filter((hour) => total(hour.levels) === 0 && total(hour.counts) > 0).length,
  };
}

/** The mean over the satellites that gave the score, 0 to 1; null where none did. */
export function meanScore(
  scores: readonly SatelliteScores[],
  which: "audit" | "suspension" | "online",
): number | null {
  // A field that a log has as text is no number.
  const known = scores.map((of) => of[which]).filter((score) => typeof score === "number");
  return known.length === 0 ? null : known.reduce((sum, score) => sum + score, 0) / known.length;
}

/** Percent of the disk in use, and the same less what trash exceeds a tenth of the disk. */
export function storageOf(snapshot: Snapshot | null): {
  utilization: number | null;
  efficiency: number | null;
} {
  const { usedBytes = null, totalBytes = null, trashBytes = null } = snapshot ?? {};
  if (usedBytes === null || totalBytes === null || totalBytes <= 0)
    return { utilization: null, efficiency: null };
  const utilization = (usedBytes / totalBytes) * 100;
  if (trashBytes === null) return { utilization, efficiency: null };
  const excess = Math.max(0, (trashBytes / totalBytes) * 100 - 10);
  return { utilization, efficiency: Math.min(100, Math.max(0, utilization - excess)) };
}
