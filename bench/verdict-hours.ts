// Simulated hours of nodes for bench/verdicts.ts: what an hour's roll-up would hold under a given regime.
import { HOUR_MS } from "../src/nodes/log/vocabulary.ts";
import type { StoredHour } from "../src/nodes/store/summary-numbers.ts";
import { ALPHA, Sketch } from "../src/nodes/store/sketch.ts";
import { VarintWriter } from "../src/nodes/store/varint.ts";

export const START_MS = Date.UTC(2026, 0, 1);
const DOWNLOADS = 1_000;
const UPLOADS = 300;
const AUDITS = 4;
/** By level. */
const LINES = [DOWNLOADS, 0, 0, 0];
/** The share of canceled operations among those that do not succeed. */
const CANCELED = 0.8;

/** How a node's hours vary, beyond the randomness of that many operations. */
export interface Regime {
  readonly name: string;
  /** Correlation of a node's neighbouring hours. */
  readonly correlation: number;
  /** Standard deviation of an hour's level: percentage points of success … */
  readonly scatterPoints: number;
  /** … and the logarithm of its latency. */
  readonly scatterLatency: number;
  /** Student's t with 3 degrees of freedom instead of the normal distribution. */
  readonly heavy?: boolean;
  /** Amplitude of a daily cycle shared by all nodes: half the distance between its best and worst hour. */
  readonly cyclePoints?: number;
  readonly cycleLatency?: number;
}

export const REGIMES: readonly Regime[] = [
  { name: "independent hours", correlation: 0, scatterPoints: 0.3, scatterLatency: 0.05 },
  {
    name: "shared daily cycle",
    correlation: 0,
    scatterPoints: 0.3,
    scatterLatency: 0.05,
    cyclePoints: 2,
    cycleLatency: 0.4,
  },
  { name: "correlation 0.5", correlation: 0.5, scatterPoints: 2, scatterLatency: 0.2 },
  { name: "correlation 0.8", correlation: 0.8, scatterPoints: 2, scatterLatency: 0.2 },
  { name: "correlation 0.95", correlation: 0.95, scatterPoints: 2, scatterLatency: 0.2 },
  // Scatter hidden in sampling noise, so that neighbouring hours look less alike than they are.
  { name: "correlation 0.5, half hidden", correlation: 0.5, scatterPoints: 0.3, scatterLatency: 0.05 },
  { name: "correlation 0.8, half hidden", correlation: 0.8, scatterPoints: 0.3, scatterLatency: 0.05 },
  { name: "correlation 0.95, half hidden", correlation: 0.95, scatterPoints: 0.3, scatterLatency: 0.05 },
  { name: "heavy tails", correlation: 0, scatterPoints: 1, scatterLatency: 0.2, heavy: true },
];

/** How a node differs from the others. */
export interface Shift {
  /** Percentage points of success that it is short of. */
  readonly points: number;
  /** Logarithm of the factor by which its operations take longer. */
  readonly latency: number;
}

export type Random = () => number;

/** The midpoints of 65,536 equally likely parts of the normal distribution: a tenth of the cost of a draw. */
const NORMALS = (() => {
  const parts = 65_536;
  // Numerically: integrates the density in small steps.
  const values = new Float64Array(parts);
  const step = 0.0005;
  let share = 0;
  let at = 0;
  for (let x = -6; x < 6 && at < parts; x += step) {
    share += (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * step;
    while (at < parts && (at + 0.5) / parts <= share) values[at++] = x;
  }
  return values;
})();

function normal(random: Random): number {
  return NORMALS[Math.floor(random() * NORMALS.length)] ?? 0;
}

function innovation(random: Random, heavy: boolean): number {
  const value = normal(random);
  if (!heavy) return value;
  const square = normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2;
  // Scaled to a variance of 1.
  return value / Math.sqrt(square / 3) / Math.sqrt(3);
}

/** A node's level by hour: a first-order autoregression with variance 1. */
function levels(hours: number, { correlation, heavy = false }: Regime, random: Random): Float64Array {
  const values = new Float64Array(hours);
  let level = innovation(random, heavy);
  const fresh = Math.sqrt(1 - correlation ** 2);
  for (let hour = 0; hour < hours; hour += 1) {
    values[hour] = level;
    level = correlation * level + fresh * innovation(random, heavy);
  }
  return values;
}

function binomial(trials: number, share: number, random: Random): number {
  const variance = trials * share * (1 - share);
  if (variance > 9) {
    return Math.min(trials, Math.max(0, Math.round(trials * share + Math.sqrt(variance) * normal(random))));
  }
  let successes = 0;
  for (let trial = 0; trial < trials; trial += 1) if (random() < share) successes += 1;
  return successes;
}

function setOutcomes(
  counts: number[],
  at: number,
  { trials, share }: { trials: number; share: number },
  random: Random,
): void {
  const good = binomial(trials, Math.min(1, Math.max(0, share)), random);
  const canceled = binomial(trials - good, CANCELED, random);
  counts[at] = good;
  counts[at + 1] = canceled;
  counts[at + 2] = trials - good - canceled;
}

/**
 * An hour's durations: log-normal around 110 ms. Each set in the pool is drawn once and used by any hour, as it is
 * or scaled.
 */
interface Durations {
  readonly logs: Float64Array;
  readonly byScale: Map<number, Scaled>;
}

interface Scaled {
  readonly timedMs: number;
  /** Their sketch, as in a summary. */
  readonly sketch: Uint8Array;
}

const writer = new VarintWriter();

const POOL = 512;
/** The resolution of an hour's scale: one bucket of a sketch, 2%. */
const SCALE_STEP = Math.log((1 + ALPHA) / (1 - ALPHA));

/**
 * Scales are rounded to the nearest step, so that hours with the same scale share their sketch: 1,000 draws for
 * each would take days.
 */
export class DurationPool {
  readonly #pool: Durations[];

  constructor(random: Random) {
    this.#pool = Array.from({ length: POOL }, () => ({
      logs: Float64Array.from({ length: DOWNLOADS }, () => Math.log(110) + 0.8 * normal(random)),
      byScale: new Map(),
    }));
  }

  /** 1,000 durations; `log` is the logarithm of the factor by which they are longer than usual. */
  take(log: number, random: Random): Scaled {
    const durations = this.#pool[Math.floor(random() * POOL)];
    if (durations === undefined) throw new Error("Cannot find the hour of the pool");
    const step = Math.round(log / SCALE_STEP);
    let made = durations.byScale.get(step);
    if (made === undefined) {
      const sketch = new Sketch();
      let timedMs = 0;
      const { logs } = durations;
      for (let at = 0; at < logs.length; at += 1) {
        const duration = Math.round(Math.exp((logs[at] ?? 0) + step * SCALE_STEP));
        timedMs += duration;
        sketch.add(duration);
      }
      writer.reset();
      sketch.write(writer);
      made = { timedMs, sketch: writer.bytes().slice() };
      durations.byScale.set(step, made);
    }
    return made;
  }
}

/** This many hours of one node. */
export function nodeHours(
  hours: number,
  { regime, shift }: { regime: Regime; shift: Shift },
  { pool, random }: { pool: DurationPool; random: Random },
): StoredHour[] {
  const { scatterPoints, scatterLatency, cyclePoints = 0, cycleLatency = 0 } = regime;
  const [down, up, slow] = [
    levels(hours, regime, random),
    levels(hours, regime, random),
    levels(hours, regime, random),
  ];
  return Array.from({ length: hours }, (_, hour) => {
    const cycle = Math.sin((2 * Math.PI * hour) / 24);
    const points = (level: number): number =>
      (level * scatterPoints - cycle * cyclePoints - shift.points) / 100;
    const counts = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    setOutcomes(counts, 0, { trials: DOWNLOADS, share: 0.96 + points(down[hour] ?? 0) }, random);
    setOutcomes(counts, 3, { trials: UPLOADS, share: 0.94 + points(up[hour] ?? 0) }, random);
    setOutcomes(counts, 6, { trials: AUDITS, share: 0.995 }, random);
    const log = (slow[hour] ?? 0) * scatterLatency + cycle * cycleLatency + shift.latency;
    const startMs = START_MS + hour * HOUR_MS;
    const { sketch, timedMs } = pool.take(log, random);
    // In the format of rollup.encodeSummary.
    writer.reset();
    for (const number of [...counts, ...LINES, DOWNLOADS, timedMs, 0, 1]) writer.unsigned(number);
    writer.signed(startMs);
    writer.unsigned(HOUR_MS - 1);
    writer.append(sketch);
    return { startMs, summary: writer.bytes().slice() };
  });
}
