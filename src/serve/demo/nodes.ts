import { seededRandom } from "../../lib/seeded-random.ts";
import {
  ACTIONS,
  HOUR_MS,
  kindOfAction,
  LEVELS,
  OUTCOMES,
  sizeClassOf,
  SUCCESS,
} from "../../nodes/log/vocabulary.ts";
import { addAction } from "../../nodes/store/action-sums.ts";
import { cellKey, sumsAt } from "../../nodes/store/cell-sums.ts";
import type { NodeFigures } from "../../nodes/store/node-snapshot.ts";
import { addLine, createRollup, type Rollup } from "../../nodes/store/rollup.ts";

/** A simulated node and how it performs. */
export interface DemoNode {
  readonly name: string;
  /** Relative to the other nodes. */
  readonly load: number;
  /** Relative to the other nodes; larger is slower. */
  readonly slowness: number;
  /** The share of downloads from us1 lost to other nodes, on top of what all nodes lose. */
  readonly lostToOthers: number;
  readonly figures: NodeFigures;
}

/** In descending order of traffic. */
export const DEMO_SATELLITES = ["us1", "eu1", "ap1", "saltlake"] as const;
const SATELLITE_SHARES = [0.55, 0.22, 0.15, 0.08] as const;

const TB = 1e12;
const JOINED_MS = Date.UTC(2024, 2, 14);

function figures(usedTb: number, payoutUsd: number, onlineScore = 0.998): NodeFigures {
  return {
    usedBytes: usedTb * TB,
    totalBytes: 8 * TB,
    trashBytes: usedTb * 0.03 * TB,
    joinedMs: JOINED_MS,
    auditScore: 1,
    suspensionScore: 1,
    onlineScore,
    payoutUsd,
    heldUsd: payoutUsd * 1.7,
    version: "1.142.7",
    disqualified: 0,
    suspended: 0,
  };
}

/** Four nodes that differ only by chance and load, and one with a failing disk. */
export const DEMO_NODES: readonly DemoNode[] = [
  { name: "attic", load: 1, slowness: 1, lostToOthers: 0, figures: figures(5.41, 8.87) },
  { name: "cellar", load: 0.97, slowness: 1, lostToOthers: 0, figures: figures(5.18, 8.49) },
  { name: "garage", load: 1.06, slowness: 1.02, lostToOthers: 0, figures: figures(6.02, 9.64) },
  { name: "office", load: 0.82, slowness: 0.98, lostToOthers: 0, figures: figures(3.97, 6.7) },
  { name: "shed", load: 0.91, slowness: 2.1, lostToOthers: 0.06, figures: figures(4.83, 6.12, 0.931) },
];

/**
 * Each of DEMO_SATELLITES' scores for a node, as in its log. The satellite with the most traffic notices problems
 * first.
 */
export function demoScores({ figures: { auditScore, onlineScore } }: DemoNode): Record<string, number>[] {
  const missed = (1 - (onlineScore ?? 1)) * SATELLITE_SHARES.length;
  return SATELLITE_SHARES.map((share) => ({
    audit_score: auditScore ?? 1,
    suspension_score: 1,
    online_score: 1 - missed * share,
  }));
}

interface Traffic {
  readonly action: (typeof ACTIONS)[number];
  /** Summed over all satellites. */
  readonly perHour: number;
  readonly bytes: number;
  readonly medianMs: number;
  readonly canceled: number;
  readonly failed: number;
}

const TRAFFIC: readonly Traffic[] = [
  { action: "GET", perHour: 140, bytes: 180_000, medianMs: 190, canceled: 0.021, failed: 0.004 },
  { action: "GET_AUDIT", perHour: 4, bytes: 512, medianMs: 60, canceled: 0, failed: 0.0002 },
  { action: "GET_REPAIR", perHour: 22, bytes: 2_300_000, medianMs: 640, canceled: 0.01, failed: 0.004 },
  { action: "PUT", perHour: 110, bytes: 900_000, medianMs: 420, canceled: 0.03, failed: 0.003 },
  { action: "PUT_REPAIR", perHour: 12, bytes: 2_300_000, medianMs: 900, canceled: 0.02, failed: 0.003 },
];

const DOWNLOAD = 0;
const QUANTILES = 512;
/** The standard deviation of the logarithm of a duration. */
const SPREAD = 0.55;
/** Dividing a logistic quantile by this gives approximately a normal one. */
const LOGISTIC_TO_NORMAL = 1.702;

/** Durations in units of their median: log-normal, as latencies are, at evenly spaced quantiles. */
const DURATIONS = Float64Array.from({ length: QUANTILES }, (_, index) => {
  const share = (index + 0.5) / QUANTILES;
  return Math.exp((SPREAD * Math.log(share / (1 - share))) / LOGISTIC_TO_NORMAL);
});

/** Approximately normal with mean 0 and variance 1: the sum of three uniform numbers (Irwin–Hall). */
function nearlyNormal(random: () => number): number {
  return 2 * (random() + random() + random() - 1.5);
}

/** A random count with the given mean and a Poisson count's variance. */
function countOf(mean: number, random: () => number): number {
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * nearlyNormal(random)));
}

/** Traffic by time: busiest in the afternoon (UTC), quieter at weekends. */
function tideOf(startMs: number): number {
  const hour = (startMs / HOUR_MS) % 24;
  const isWeekend = [0, 6].includes(new Date(startMs).getUTCDay());
  return (1 + 0.35 * Math.sin(((hour - 9) / 12) * Math.PI)) * (isWeekend ? 0.85 : 1);
}

export interface DemoHour {
  readonly node: DemoNode;
  readonly startMs: number;
  /** How much of the hour has passed, 0 to 1. */
  readonly passed: number;
  /** The store's ids of DEMO_SATELLITES. */
  readonly satellites: readonly number[];
  readonly seed: number;
}

/** What a node did in one hour. With the same seed, an hour always has the same figures. */
export function demoHour({ node, startMs, passed, satellites, seed }: DemoHour): Rollup {
  const hour = Math.floor(startMs / HOUR_MS);
  const ofAll = seededRandom(seed + hour);
  const load = node.load * tideOf(startMs) * (1 + 0.08 * nearlyNormal(ofAll)) * passed;
  const index = DEMO_NODES.indexOf(node);
  const counts = seededRandom(seed ^ Math.imul(hour, 31) ^ (index << 24));
  const durations = seededRandom(seed ^ Math.imul(hour, 37) ^ (index << 25));
  const slowness = node.slowness * Math.exp(0.06 * nearlyNormal(counts));
  const rollup = createRollup();
  const { summary, cells } = rollup;
  for (const { action, perHour, bytes, medianMs, canceled, failed } of TRAFFIC) {
    const actionAt = ACTIONS.indexOf(action);
    const kind = kindOfAction(actionAt);
    for (const [at, satellite] of satellites.entries()) {
      const mean = perHour * load * (SATELLITE_SHARES[at] ?? 0);
      const lost = canceled + (at === 0 && kind === DOWNLOAD ? node.lostToOthers : 0);
      for (const [outcome, share] of [1 - lost - failed, lost, failed].entries()) {
        const count = countOf(mean * share, counts);
        if (count === 0) continue;
        let timedMs = 0;
        for (let left = count; left > 0; left -= 1) {
          const factor = DURATIONS[Math.floor(durations() * QUANTILES)] ?? 1;
          const durationMs = Math.round(medianMs * slowness * factor);
          timedMs += durationMs;
          summary.sketch.add(durationMs);
        }
        addAction(summary.actions, actionAt, count, outcome === SUCCESS ? count * bytes : 0);
        const cell = sumsAt(cells, cellKey(satellite, actionAt, outcome, sizeClassOf(bytes)));
        cell.count += count;
        cell.bytes += count * bytes;
        cell.timed += count;
        cell.timedMs += timedMs;
        summary.timed += count;
        summary.timedMs += timedMs;
        // ABANDONED is not an outcome of an ended operation.
        const slot = kind * (OUTCOMES.length - 1) + outcome;
        summary.counts[slot] = (summary.counts[slot] ?? 0) + count;
      }
    }
  }
  const lastMs = startMs + Math.floor(passed * (HOUR_MS - 1));
  addLine(summary, startMs, LEVELS.indexOf("DEBUG"));
  addLine(summary, lastMs, LEVELS.indexOf("INFO"));
  return rollup;
}
