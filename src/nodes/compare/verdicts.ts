import { LATENCY_METRICS, type LatencyMetric, type Resamples } from "./latency.ts";
import { metricNamed, METRICS, type MetricName, type Metrics } from "./registry.ts";
import { ALPHA } from "../store/sketch.ts";
import {
  differenceInterval,
  differenceP,
  type Estimate,
  holm,
  type Interval,
  median,
  medianEstimate,
  twoSided,
} from "./statistics.ts";

const FLEET_MEDIAN = "fleet median";
const LEVEL = 0.05;

export interface Verdict {
  readonly metric: MetricName;
  /** null where there is no real difference. */
  readonly better: string | null;
  readonly worse: string | null;
  /** The two that were compared. */
  readonly nodes: readonly [string, string];
  /**
   * The worse one's value against the better one's: percentage points for rates, percent for latencies. Where there
   * is no real difference, the first one's against the second's.
   */
  readonly difference: number;
  /** 95% interval of the difference. */
  readonly interval: Interval;
  readonly significant: boolean;
  readonly text: string;
}

/** One side of a comparison. */
export interface Side {
  readonly name: string;
  readonly metrics: Metrics;
  readonly estimates: Readonly<Partial<Record<MetricName, Estimate>>>;
  readonly resamples: Resamples;
}

export interface VerdictOptions {
  readonly pairs: boolean;
  /** Percentage points. */
  readonly minGap: number;
  /** Percent. */
  readonly minLatencyGap: number;
  readonly unfair: ReadonlySet<MetricName>;
}

interface Test {
  readonly metric: MetricName;
  readonly a: string;
  readonly b: string;
  /** a against b. */
  readonly difference: number;
  readonly interval: Interval;
  readonly p: number;
  readonly minGap: number;
}

function testRate(metric: MetricName, a: Side, b: Side, minGap: number): Test | null {
  const left = a.estimates[metric];
  const right = b.estimates[metric];
  if (left === undefined || right === undefined) return null;
  const [low, high] = differenceInterval(left, right);
  return {
    metric,
    a: a.name,
    b: b.name,
    difference: (left.share - right.share) * 100,
    interval: [low * 100, high * 100],
    p: differenceP(left, right),
    minGap,
  };
}

function testLatency(name: MetricName, a: Side, b: Side, minGap: number): Test | null {
  const metric = LATENCY_METRICS.find((known) => known === name);
  if (metric === undefined) return null;
  const left = a.metrics[metric];
  const right = b.metrics[metric];
  const drawsA = a.resamples[metric];
  const drawsB = b.resamples[metric];
  const count = Math.min(drawsA.length, drawsB.length);
  if (left === null || right === null || count === 0 || left <= 0 || right <= 0) return null;
  const logs = new Float64Array(count);
  let sum = 0;
  for (let draw = 0; draw < count; draw += 1) {
    // Half a millisecond keeps a quantile of 0 ms from making an infinite ratio.
    const log = Math.log(Math.max(0.5, drawsA[draw] ?? 0) / Math.max(0.5, drawsB[draw] ?? 0));
    logs[draw] = log;
    sum += log;
  }
  const mean = sum / count;
  let squares = 0;
  for (const log of logs) squares += (log - mean) ** 2;
  const spread = Math.sqrt(squares / Math.max(1, count - 1));
  logs.sort();
  const at = (share: number): number => (Math.exp(logs[Math.round(share * (count - 1))] ?? 0) - 1) * 100;
  const log = Math.log(left / right);
  return {
    metric,
    a: a.name,
    b: b.name,
    difference: (left / right - 1) * 100,
    interval: [at(0.025), at(0.975)],
    p: spread === 0 ? 1 : twoSided(log / spread),
    minGap,
  };
}

function medianSide(sides: readonly Side[]): Side {
  const medianOf = (metric: LatencyMetric): number | null => {
    const known = sides.map((side) => side.metrics[metric]).filter((value) => value !== null);
    return known.length === 0 ? null : median(known);
  };
  const medianDraws = (metric: LatencyMetric): Float64Array => {
    const known = sides.map((side) => side.resamples[metric]).filter((draws) => draws.length > 0);
    const count = Math.min(...known.map((draws) => draws.length));
    const middles = new Float64Array(known.length === 0 ? 0 : count);
    const values = new Float64Array(known.length);
    const upper = values.length >> 1;
    const lower = (values.length - 1) >> 1;
    for (let draw = 0; draw < middles.length; draw += 1) {
      known.forEach((draws, side) => (values[side] = draws[draw] ?? 0));
      values.sort();
      middles[draw] = ((values[lower] ?? 0) + (values[upper] ?? 0)) / 2;
    }
    return middles;
  };
  const estimates: Partial<Record<MetricName, Estimate>> = {};
  for (const { name } of METRICS) {
    const known = sides.map((side) => side.estimates[name]).filter((estimate) => estimate !== undefined);
    if (known.length > 0) estimates[name] = medianEstimate(known);
  }
  const first = sides[0];
  if (first === undefined) throw new Error("Cannot take the median of no nodes");
  const values = Object.fromEntries(LATENCY_METRICS.map((metric) => [metric, medianOf(metric)]));
  return {
    name: FLEET_MEDIAN,
    metrics: { ...first.metrics, ...values },
    estimates,
    resamples: {
      avg_latency_p50: medianDraws("avg_latency_p50"),
      avg_latency_p95: medianDraws("avg_latency_p95"),
      avg_latency_p99: medianDraws("avg_latency_p99"),
      avg_latency_mean: medianDraws("avg_latency_mean"),
    },
  };
}

/** Who is compared with whom: the pair, all pairs, or each node with the fleet's median. */
function opponents<T extends { readonly name: string }>(
  sides: readonly T[],
  pairs: boolean,
  medianOf: (sides: readonly T[]) => T,
): [T, T][] {
  if (sides.length === 2 || pairs) {
    return sides.flatMap((a, index) => sides.slice(index + 1).map((b): [T, T] => [a, b]));
  }
  if (sides.length < 2) return [];
  const fleet = medianOf(sides);
  return sides.map((side): [T, T] => [side, fleet]);
}

function signed(value: number, unit: string): string {
  const digits = Math.abs(value) < 10 && unit !== "%" ? 1 : 0;
  const text = value.toFixed(digits);
  return `${Number(text) > 0 ? "+" : ""}${text.replace("-", "−")}${unit}`;
}

function textOf(test: Test, verdict: Omit<Verdict, "text">): string {
  const { label, question } = metricNamed(test.metric);
  const isShare = question?.type === "share";
  const unit = isShare ? " points" : "%";
  const range = `95% interval ${signed(verdict.interval[0], isShare ? "" : "%")} to ${signed(verdict.interval[1], isShare ? "" : "%")}`;
  const change = signed(verdict.difference, unit);
  if (!verdict.significant)
    return `no real difference in ${label} (${test.a} against ${test.b} ${change}, ${range})`;
  const subject = verdict.worse === FLEET_MEDIAN ? "the fleet's median" : (verdict.worse ?? "");
  const against =
    verdict.better === FLEET_MEDIAN
      ? " than the fleet's median"
      : verdict.worse === FLEET_MEDIAN
        ? ` than ${verdict.better ?? ""}`
        : "";
  if (isShare) return `${subject} ${question.worse}${against} (${change}, ${range})`;
  return `${subject} is slower${against} (${question?.short ?? label} ${change}, ${range})`;
}

function turnAround(test: Test): Test {
  const [low, high] = test.interval;
  const isShare = metricNamed(test.metric).question?.type === "share";
  const invert = (value: number): number => (isShare ? -value : (1 / (1 + value / 100) - 1) * 100);
  return {
    ...test,
    a: test.b,
    b: test.a,
    difference: invert(test.difference),
    interval: [invert(high), invert(low)],
  };
}

/** Judges every metric for every pair of opponents: a difference is real where chance and triviality are both out. */
export function verdictsOf(sides: readonly Side[], options: VerdictOptions): Verdict[] {
  const tests: Test[] = [];
  for (const [a, b] of opponents(sides, options.pairs, medianSide)) {
    for (const { name, question } of METRICS) {
      if (question === null || options.unfair.has(name)) continue;
      const test =
        question.type === "share"
          ? testRate(name, a, b, options.minGap)
          : testLatency(name, a, b, Math.max(2 * ALPHA * 100, options.minLatencyGap));
      if (test !== null) tests.push(test);
    }
  }
  const adjusted = holm(tests.map((test) => test.p));
  return tests.map((found, index) => {
    const [low, high] = found.interval;
    const significant =
      (adjusted[index] ?? 1) < LEVEL && (low > 0 || high < 0) && Math.abs(found.difference) >= found.minGap;
    const aIsWorse = metricNamed(found.metric).lowerIsBetter ? found.difference > 0 : found.difference < 0;
    const test = significant && !aIsWorse ? turnAround(found) : found;
    const verdict = {
      metric: test.metric,
      better: significant ? test.b : null,
      worse: significant ? test.a : null,
      nodes: [found.a, found.b] as const,
      difference: test.difference,
      interval: test.interval,
      significant,
    };
    return { ...verdict, text: textOf(test, verdict) };
  });
}
