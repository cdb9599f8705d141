import { isoOrNull } from "../../lib/format/moment.ts";
import type { HourTable } from "../store/hour-table.ts";
import type { Earnings } from "./earnings.ts";
import type { DistributionClass } from "./latency.ts";
import type { Window } from "./load.ts";
import type { LogNature, Measured } from "./measure.ts";
import { type MetricName, type Metrics, metricsOf, noMetrics } from "./registry.ts";
import type { Interval } from "./judge/statistics.ts";
import { type ScoresTold, scoresTold } from "../store/satellite-scores.ts";
import { SUCCESS } from "../log/vocabulary.ts";

/** One node's part of an answer. */
export interface NodeResult {
  readonly node_name: string;
  readonly metrics: Metrics;
  /** 95% intervals by metric; null if there is none. */
  readonly intervals: Readonly<Partial<Record<MetricName, Interval | null>>>;
  readonly earnings_source: Earnings["source"];
  readonly earnings_api_usd: number | null;
  /** When the API reported the earnings. */
  readonly earnings_api_at: string | null;
  readonly earnings_model_usd: number | null;
  /** Satellites that have disqualified, or suspended, the node; null if no API reported it. */
  readonly disqualified: number | null;
  readonly suspended: number | null;
  readonly scores: readonly ScoresTold[];
  readonly log_level: LogNature["level"];
  readonly newest_line: string | null;
  /** The time of older figures, shown because the current ones could not be read; null if the figures are current. */
  readonly as_of: string | null;
  /** Over the window, oldest first: percent, milliseconds, operations. null if there were no operations. */
  readonly trend: Trend;
  /** The distribution of its operations' durations; null if the log does not show them. */
  readonly latency_distribution: readonly DistributionClass[] | null;
  /** Why there are no figures; null if there are. */
  readonly error: string | null;
}

interface Trend {
  readonly success_rate_download: readonly (number | null)[];
  readonly avg_latency_mean: readonly (number | null)[];
  readonly total_operations: readonly (number | null)[];
}

const TREND_POINTS = 12;
const DOWNLOAD = 0;

function trendOf(hours: HourTable, window: Window): Trend {
  const lengthMs = window.untilMs - window.sinceMs;
  const points = new Uint8Array(hours.length);
  for (let hour = 0; hour < hours.length; hour += 1) {
    const place = Math.floor((((hours.startMs[hour] ?? 0) - window.sinceMs) / lengthMs) * TREND_POINTS);
    points[hour] = Math.min(TREND_POINTS - 1, Math.max(0, place));
  }
  const sums = (column: Float64Array): number[] => {
    const byPoint = Array.from({ length: TREND_POINTS }, () => 0);
    for (let hour = 0; hour < points.length; hour += 1) {
      const point = points[hour] ?? 0;
      byPoint[point] = (byPoint[point] ?? 0) + (column[hour] ?? 0);
    }
    return byPoint;
  };
  const ratio = (parts: readonly number[], wholes: readonly number[], scale: number): (number | null)[] =>
    wholes.map((whole, point) => (whole === 0 ? null : ((parts[point] ?? 0) / whole) * scale));
  return {
    success_rate_download: ratio(sums(hours.counts(DOWNLOAD, SUCCESS)), sums(hours.trials(DOWNLOAD)), 100),
    avg_latency_mean: ratio(sums(hours.timedMs()), sums(hours.timed()), 1),
    total_operations: sums(hours.operations()).map((count) => (count === 0 ? null : count)),
  };
}

export function nodeResult(
  name: string,
  measured: Measured,
  intervals: NodeResult["intervals"],
  satellites: ReadonlyMap<number, string>,
): NodeResult {
  const { data, earnings, nature, window } = measured;
  return {
    node_name: name,
    metrics: metricsOf(measured),
    intervals,
    earnings_source: earnings.source,
    earnings_api_usd: earnings.apiUsd,
    earnings_api_at: isoOrNull(earnings.apiAtMs),
    earnings_model_usd: earnings.modelUsd,
    disqualified: data.snapshot?.disqualified ?? null,
    suspended: data.snapshot?.suspended ?? null,
    scores: scoresTold(data.scores, satellites),
    log_level: nature.level,
    newest_line: isoOrNull(data.newestMs),
    as_of: null,
    trend: trendOf(data.hours, window),
    latency_distribution: measured.latency.distribution(),
    error: null,
  };
}

/** The result of a node whose figures could not be read. */
export function failedResult(name: string, reason: string): NodeResult {
  return {
    node_name: name,
    metrics: noMetrics(),
    intervals: {},
    earnings_source: null,
    earnings_api_usd: null,
    earnings_api_at: null,
    earnings_model_usd: null,
    disqualified: null,
    suspended: null,
    scores: [],
    log_level: null,
    newest_line: null,
    as_of: null,
    trend: { success_rate_download: [], avg_latency_mean: [], total_operations: [] },
    latency_distribution: null,
    error: reason,
  };
}
