// `bun bench/verdicts.ts [--runs N] [--only TEXT]`: how often verdicts call equal nodes different, and unlike ones unlike.
// Simulated hours of nodes go through the command's own way from the hour's statistics on: sketches, series, verdicts.
// Seeded: the same figures on every machine. bench/results/verdicts.json keeps them, each with its number of runs. A whole
// run takes a core the better part of an hour; --runs 100 shows the same picture in a few minutes.
import { join } from "node:path";
import { seededRandom } from "../src/lib/seeded-random.ts";
import { hourGrid } from "../src/nodes/compare/judge/hourly-series.ts";
import { sideOf, type Side } from "../src/nodes/compare/judge/side.ts";
import type { Verdict } from "../src/nodes/compare/judge/verdict.ts";
import { verdictsOf } from "../src/nodes/compare/judge/verdicts.ts";
import type { NodeData, Window } from "../src/nodes/compare/load.ts";
import { measure } from "../src/nodes/compare/measure.ts";
import type { MetricName } from "../src/nodes/compare/registry.ts";
import { HOUR_MS } from "../src/nodes/log/vocabulary.ts";
import { type HourStats, hourStatsOf } from "../src/nodes/store/hour-stats.ts";
import { createRollup } from "../src/nodes/store/rollup.ts";
import { BUCKET_LIMIT } from "../src/nodes/store/sketch.ts";
import { addStoredSketch } from "../src/nodes/store/stored-sketch.ts";

const START_MS = Date.UTC(2026, 0, 1);
const RATES = { egressUsd: 2, repairUsd: 2, auditUsd: 2, storageUsd: 1.5 };
const DOWNLOADS = 1_000;
const UPLOADS = 300;
const AUDITS = 4;
/** Share of the operations that do not succeed that were canceled. */
const CANCELED = 0.8;

/** How a node's hours are, beside what chance makes of so many operations. */
interface Regime {
  readonly name: string;
  /** Correlation of a node's neighbouring hours. */
  readonly correlation: number;
  /** Standard deviation of an hour's level: percentage points of success … */
  readonly scatterPoints: number;
  /** … and the logarithm of its latency. */
  readonly scatterLatency: number;
  /** Student's t with 3 degrees of freedom in place of the normal distribution. */
  readonly heavy?: boolean;
  /** Half of the way from its best to its worst hour, of a daily cycle that all nodes share. */
  readonly cyclePoints?: number;
  readonly cycleLatency?: number;
}

const REGIMES: readonly Regime[] = [
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
  // The scatter that the issue names: hidden in sampling noise, so that neighbouring hours look less alike than they are.
  { name: "correlation 0.5, half hidden", correlation: 0.5, scatterPoints: 0.3, scatterLatency: 0.05 },
  { name: "correlation 0.8, half hidden", correlation: 0.8, scatterPoints: 0.3, scatterLatency: 0.05 },
  { name: "correlation 0.95, half hidden", correlation: 0.95, scatterPoints: 0.3, scatterLatency: 0.05 },
  { name: "heavy tails", correlation: 0, scatterPoints: 1, scatterLatency: 0.2, heavy: true },
];

/** What makes a node unlike the others. */
interface Shift {
  readonly points: number;
  readonly latency: number;
}
const ALIKE: Shift = { points: 0, latency: 0 };

type Random = () => number;

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function innovation(random: Random, heavy: boolean): number {
  const value = normal(random);
  if (!heavy) return value;
  const square = normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2;
  // Scaled to a variance of 1.
  return value / Math.sqrt(square / 3) / Math.sqrt(3);
}

/** A node's level by hour: an autoregression of the first order with variance 1. */
function levels(hours: number, { correlation, heavy = false }: Regime, random: Random): Float64Array {
  const values = new Float64Array(hours);
  let level = innovation(random, heavy);
  for (let hour = 0; hour < hours; hour += 1) {
    values[hour] = level;
    level = correlation * level + Math.sqrt(1 - correlation ** 2) * innovation(random, heavy);
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

/** Log-normal durations about 110 ms, by a table of 4,096 quantiles. */
const DURATIONS = (() => {
  const random = seededRandom(7);
  return Float64Array.from({ length: 4_096 }, () => 110 * Math.exp(0.8 * normal(random))).toSorted();
})();

function addOutcomes(
  counts: Float64Array,
  kind: number,
  trials: number,
  share: number,
  random: Random,
): void {
  const good = binomial(trials, share, random);
  const canceled = binomial(trials - good, CANCELED, random);
  counts[kind * 3] = good;
  counts[kind * 3 + 1] = canceled;
  counts[kind * 3 + 2] = trials - good - canceled;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function nodeHours(hours: number, regime: Regime, shift: Shift, random: Random): HourStats[] {
  const { scatterPoints, scatterLatency, cyclePoints = 0, cycleLatency = 0 } = regime;
  const [down, up, slow] = [
    levels(hours, regime, random),
    levels(hours, regime, random),
    levels(hours, regime, random),
  ];
  return Array.from({ length: hours }, (_, hour) => {
    const cycle = Math.sin((2 * Math.PI * hour) / 24);
    const { summary } = createRollup();
    const points = (level: number): number =>
      (level * scatterPoints - cycle * cyclePoints - shift.points) / 100;
    addOutcomes(summary.counts, 0, DOWNLOADS, clamp(0.96 + points(down[hour] ?? 0)), random);
    addOutcomes(summary.counts, 1, UPLOADS, clamp(0.94 + points(up[hour] ?? 0)), random);
    addOutcomes(summary.counts, 2, AUDITS, 0.995, random);
    const factor = Math.exp((slow[hour] ?? 0) * scatterLatency + cycle * cycleLatency + shift.latency);
    for (let timed = 0; timed < DOWNLOADS; timed += 1) {
      const duration = Math.round((DURATIONS[Math.floor(random() * 4_096)] ?? 0) * factor);
      summary.timed += 1;
      summary.timedMs += duration;
      summary.sketch.add(duration);
    }
    const startMs = START_MS + hour * HOUR_MS;
    summary.firstMs = startMs;
    summary.lastMs = startMs + HOUR_MS - 1;
    summary.levels[0] = DOWNLOADS;
    return hourStatsOf(startMs, summary);
  });
}

const EVERY_BUCKET = Int32Array.from({ length: BUCKET_LIMIT }, (_, bucket) => bucket);

function sideFrom(name: string, all: readonly HourStats[], hours: number): Side {
  const window: Window = { sinceMs: START_MS, untilMs: START_MS + hours * HOUR_MS };
  const own = all.slice(0, hours);
  const bucketCounts = new Float64Array(BUCKET_LIMIT);
  for (const hour of own) addStoredSketch(hour.sketch, EVERY_BUCKET, bucketCounts, 0);
  const data: NodeData = {
    hours: own,
    cells: new Map(),
    bucketCounts,
    snapshot: null,
    scores: [],
    newestMs: null,
  };
  return sideOf(name, measure(data, { window, rates: RATES, earningsSource: "model" }), hourGrid(window));
}

function verdicts(nodes: readonly (readonly HourStats[])[], hours: number): Verdict[] {
  const sides = nodes.map((all, index) => sideFrom(`n${index}`, all, hours));
  return verdictsOf(sides, { pairs: false, minGap: 0.5, minLatencyGap: 5, unfair: new Set() });
}

/** Wilson's 95% interval, in percent. */
function interval(hits: number, runs: number): [number, number] {
  const z = 1.96;
  const share = hits / runs;
  const centre = share + (z * z) / (2 * runs);
  const half = z * Math.sqrt((share * (1 - share)) / runs + (z * z) / (4 * runs * runs));
  const scale = 1 + (z * z) / runs;
  return [((centre - half) / scale) * 100, ((centre + half) / scale) * 100];
}

interface FalseRate {
  readonly regime: string;
  readonly nodes: number;
  readonly hours: number;
  readonly runs: number;
  readonly any_verdict_percent: number;
  readonly interval_percent: readonly [number, number];
  readonly too_early_percent: number;
}

function falseRate(regime: Regime, nodes: number, hours: number, runs: number): FalseRate {
  const random = seededRandom(hours * 31 + nodes * 7 + Math.round(regime.correlation * 1_000));
  let any = 0;
  let early = 0;
  let asked = 0;
  for (let run = 0; run < runs; run += 1) {
    const fleet = Array.from({ length: nodes }, () => nodeHours(hours, regime, ALIKE, random));
    const said = verdicts(fleet, hours);
    if (said.some(({ significant }) => significant)) any += 1;
    asked += said.length;
    early += said.filter(({ type }) => type === "too_early").length;
  }
  return {
    regime: regime.name,
    nodes,
    hours,
    runs,
    any_verdict_percent: (any / runs) * 100,
    interval_percent: interval(any, runs),
    too_early_percent: (early / asked) * 100,
  };
}

interface Power {
  readonly what: string;
  readonly regime: string;
  readonly hours: number;
  readonly runs: number;
  readonly found_percent: number;
}

function power(
  what: string,
  regime: Regime,
  hours: number,
  asked: { shift: Shift; metric: MetricName },
  runs: number,
): Power {
  const random = seededRandom(hours * 37 + Math.round(regime.correlation * 1_000) + what.length);
  let found = 0;
  for (let run = 0; run < runs; run += 1) {
    const pair = [nodeHours(hours, regime, ALIKE, random), nodeHours(hours, regime, asked.shift, random)];
    const verdict = verdicts(pair, hours).find(({ metric }) => metric === asked.metric);
    if (verdict?.worse === "n1") found += 1;
  }
  return { what, regime: regime.name, hours, runs, found_percent: (found / runs) * 100 };
}

interface Missing {
  readonly regime: string;
  readonly hours: number;
  readonly cases: number;
  /** Of the verdicts that were too early: the hours named, within a factor of two of those it took. */
  readonly within_factor_two_percent: number;
  readonly median_ratio: number;
}

/** How far off the hours that are said to be missing are: the same nodes, watched on until the verdict is told. */
function missing(regime: Regime, hours: number, runs: number): Missing {
  const random = seededRandom(hours * 41 + Math.round(regime.correlation * 1_000));
  const ratios: number[] = [];
  const longest = hours * 12;
  for (let run = 0; run < runs; run += 1) {
    const pair = [nodeHours(longest, regime, ALIKE, random), nodeHours(longest, regime, ALIKE, random)];
    const early = new Map(
      verdicts(pair, hours)
        .filter(({ type }) => type === "too_early")
        .map(({ metric, missing_hours }) => [metric, missing_hours ?? 0]),
    );
    for (let more = 3; early.size > 0 && hours + more <= longest; more = Math.ceil(more * 1.12)) {
      for (const { metric, type } of verdicts(pair, hours + more)) {
        const named = early.get(metric);
        if (named === undefined || type === "too_early") continue;
        ratios.push(named / more);
        early.delete(metric);
      }
    }
    // Never told within twelve times as long.
    for (const named of early.values()) ratios.push(Math.min(0.49, named / longest));
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const within = ratios.filter((ratio) => ratio >= 0.5 && ratio <= 2).length;
  return {
    regime: regime.name,
    hours,
    cases: ratios.length,
    within_factor_two_percent: (within / ratios.length) * 100,
    median_ratio: sorted[sorted.length >> 1] ?? Number.NaN,
  };
}

function flag(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}

async function main(): Promise<void> {
  const runs = Number(flag("--runs") ?? 1_000);
  const only = flag("--only");
  const say = (line: string): void => void Bun.write(Bun.stderr, `${line}\n`);
  const wanted = REGIMES.filter(({ name }) => only === null || name.includes(only));
  const falseRates: FalseRate[] = [];
  const sizes = [
    { nodes: 2, share: 1 },
    { nodes: 5, share: 0.4 },
    { nodes: 20, share: 0.1 },
  ];
  for (const regime of wanted) {
    for (const hours of [3, 24, 168, 720]) {
      for (const { nodes, share } of sizes) {
        const rate = falseRate(regime, nodes, hours, Math.ceil(runs * share));
        falseRates.push(rate);
        say(
          `${rate.regime}, ${nodes} nodes, ${hours} h: any verdict ${rate.any_verdict_percent.toFixed(1)}% (to ${rate.interval_percent[1].toFixed(1)}%), too early ${rate.too_early_percent.toFixed(0)}%`,
        );
      }
    }
  }
  const regimeNamed = (name: string): Regime => {
    const found = REGIMES.find((regime) => regime.name === name);
    if (found === undefined) throw new Error(`Cannot find the regime ${name}`);
    return found;
  };
  const onePoint = { shift: { points: 1, latency: 0 }, metric: "success_rate_download" } as const;
  const twoPoints = { shift: { points: 2, latency: 0 }, metric: "success_rate_download" } as const;
  const slower = { shift: { points: 0, latency: Math.log(1.1) }, metric: "avg_latency_p50" } as const;
  const powers = (
    [
      ["one point of downloads", "independent hours", 168, onePoint],
      ["one point of downloads", "shared daily cycle", 168, onePoint],
      ["10% of the median latency", "independent hours", 168, slower],
      ["10% of the median latency", "shared daily cycle", 168, slower],
      ["two points of downloads", "correlation 0.5", 168, twoPoints],
      ["two points of downloads", "correlation 0.5, half hidden", 168, twoPoints],
      ["two points of downloads", "correlation 0.8", 720, twoPoints],
      ["two points of downloads", "correlation 0.8, half hidden", 720, twoPoints],
      ["one point of downloads", "independent hours", 24, onePoint],
      ["two points of downloads", "independent hours", 24, twoPoints],
      ["10% of the median latency", "independent hours", 24, slower],
    ] as const
  )
    .filter(([, regime]) => only === null || regime.includes(only))
    .map(([what, regime, hours, asked]) => {
      const told = power(what, regimeNamed(regime), hours, asked, Math.ceil(runs / 5));
      say(`${told.what}, ${told.regime}, ${hours} h: found in ${told.found_percent.toFixed(0)}%`);
      return told;
    });
  const missed = (
    [
      ["correlation 0.8", 168],
      ["correlation 0.95", 168],
      ["correlation 0.95", 720],
      ["correlation 0.8, half hidden", 168],
      ["correlation 0.95, half hidden", 168],
    ] as const
  )
    .filter(([regime]) => only === null || regime.includes(only))
    .map(([regime, hours]) => {
      const told = missing(regimeNamed(regime), hours, Math.ceil(runs / 25));
      say(
        `${regime}, ${hours} h, hours missing: within a factor of two ${told.within_factor_two_percent.toFixed(0)}% of ${told.cases}, median ratio ${told.median_ratio.toFixed(2)}`,
      );
      return told;
    });
  const result = { false_verdicts: falseRates, power: powers, hours_missing: missed };
  if (runs >= 1_000 && only === null) {
    await Bun.write(join(import.meta.dir, "results/verdicts.json"), `${JSON.stringify(result, null, 2)}\n`);
  }
  await Bun.write(Bun.stdout, `${JSON.stringify(result)}\n`);
}

await main();
