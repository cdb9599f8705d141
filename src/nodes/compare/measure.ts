import type { ActionSums } from "../store/action-sums.ts";
import type { HourTable } from "../store/hour-table.ts";
import {
  HOUR_MS,
  isEgress,
  isIngress,
  isRepair,
  kindOfAction,
  KINDS,
  type LogLevel,
  logLevelOf,
} from "../log/vocabulary.ts";
import { type Earnings, earningsOf, type EarningsSource, type Rates } from "./earnings.ts";
import { Latency } from "./latency.ts";
import type { Snapshot } from "../store/node-snapshot.ts";
import type { SatelliteScores } from "../store/satellite-scores.ts";
import type { NodeData, Window } from "./load.ts";

/** Operations that ended in the window, and the bytes of the successful ones. */
export interface Tally {
  readonly operations: number;
  readonly downloads: number;
  readonly uploads: number;
  readonly audits: number;
  readonly repairs: number;
  readonly downloadBytes: number;
  readonly uploadBytes: number;
}

/** One node's data, and what is computed from it once for all metrics. */
export interface Measured {
  readonly data: NodeData;
  readonly window: Window;
  readonly tally: Tally;
  readonly latency: Latency;
  readonly earnings: Earnings;
  readonly nature: LogNature;
}

/** The properties of a node's log that decide what can be compared. */
export interface LogNature {
  /**
   * `debug` shows started operations and every failure; `info` does not; `error` shows only failures. null: no lines.
   */
  readonly level: LogLevel | null;
  readonly hasDurations: boolean;
  /** Hours imported from storj_monitor: operations without lines in a log. */
  readonly importedHours: number;
}

export function measure(
  data: NodeData,
  options: { window: Window; rates: Rates; earningsSource: EarningsSource },
): Measured {
  const { window, rates, earningsSource } = options;
  const tally = tallyOf(data.actions);
  const earnings = earningsOf(data.actions, data.snapshot, {
    rates,
    window,
    source: earningsSource,
    hasOperations: tally.operations > 0,
  });
  const latency = new Latency(data.hours, data.bucketCounts);
  return { data, window, tally, latency, earnings, nature: natureOf(data.hours) };
}

/** The same node with earnings from another source. */
export function withEarnings(
  measured: Measured,
  { rates, source }: { rates: Rates; source: EarningsSource },
): Measured {
  const { data, window, tally } = measured;
  const hasOperations = tally.operations > 0;
  return {
    ...measured,
    earnings: earningsOf(data.actions, data.snapshot, { rates, window, source, hasOperations }),
  };
}

function tallyOf({ counts, successBytes }: ActionSums): Tally {
  const byKind = KINDS.map(() => 0);
  let operations = 0;
  let repairs = 0;
  let downloadBytes = 0;
  let uploadBytes = 0;
  for (const [action, count] of counts.entries()) {
    const kind = kindOfAction(action);
    byKind[kind] = (byKind[kind] ?? 0) + count;
    operations += count;
    if (isRepair(action)) repairs += count;
    if (isEgress(action)) downloadBytes += successBytes[action] ?? 0;
    if (isIngress(action)) uploadBytes += successBytes[action] ?? 0;
  }
  const [downloads = 0, uploads = 0, audits = 0] = byKind;
  return { operations, downloads, uploads, audits, repairs, downloadBytes, uploadBytes };
}

/** The percentage of a kind's operations that had the outcome; null if there were no operations. */
export function shareOf(hours: HourTable, kind: number, outcome: number): number | null {
  const trials = hours.trialsTotal(kind);
  return trials === 0 ? null : (hours.countsTotal(kind, outcome) / trials) * 100;
}

/**
 * The percentage of the window that the log covers: from its first to its last line, minus whole hours in between
 * without any line.
 */
export function coverageOf(hours: HourTable, window: Window): number {
  const lengthMs = window.untilMs - window.sinceMs;
  if (lengthMs <= 0) return 0;
  const firstMs = hours.firstMs();
  const lastMs = hours.lastMs(firstMs);
  let first = 0;
  while (firstMs[first] === Infinity) first += 1;
  let last = hours.length - 1;
  while (last >= 0 && firstMs[last] === Infinity) last -= 1;
  let coveredMs = 0;
  for (let hour = first; hour <= last; hour += 1) {
    if (firstMs[hour] === Infinity) continue;
    const startMs = hours.startMs[hour] ?? 0;
    const fromMs = hour === first ? (firstMs[hour] ?? 0) : startMs;
    const untilMs = hour === last ? (lastMs[hour] ?? 0) : startMs + HOUR_MS;
    coveredMs += Math.max(0, Math.min(untilMs, window.untilMs) - Math.max(fromMs, window.sinceMs));
  }
  return Math.min(100, (coveredMs / lengthMs) * 100);
}

function natureOf(hours: HourTable): LogNature {
  return {
    level: logLevelOf(hours.linesByLevel()),
    hasDurations: hours.timedTotal() > 0,
    importedHours: importedHoursOf(hours),
  };
}

function importedHoursOf(hours: HourTable): number {
  const lines = hours.lines();
  // Nearly always every hour has lines.
  if (!lines.includes(0)) return 0;
  const operations = hours.operations();
  let imported = 0;
  for (let hour = 0; hour < hours.length; hour += 1)
    if (lines[hour] === 0 && (operations[hour] ?? 0) > 0) imported += 1;
  return imported;
}

/** The mean over the satellites that gave the score, 0 to 1; null if none did. */
export function meanScore(
  scores: readonly SatelliteScores[],
  which: "audit" | "suspension" | "online",
): number | null {
  // In some logs the field is text rather than a number.
  const known = scores.map((of) => of[which]).filter((score) => typeof score === "number");
  return known.length === 0 ? null : known.reduce((sum, score) => sum + score, 0) / known.length;
}

/** The percentage of the disk in use, and the same minus the trash beyond a tenth of the disk. */
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
