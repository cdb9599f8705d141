import type { Database } from "bun:sqlite";
import { messageOf } from "../../lib/errors.ts";
import { seededRandom } from "../../lib/seeded-random.ts";
import { type Caveat, caveatsOf } from "./caveats.ts";
import type { Earnings } from "./earnings.ts";
import { gatherNode, type NodeData, type Window } from "./load.ts";
import { textIdentity } from "../log/line-hash.ts";
import type { HourStats } from "../store/hour-stats.ts";
import { bootstrap, LATENCY_METRICS } from "./latency.ts";
import { countsOf, type LogNature, measure, natureOf } from "./measure.ts";
import type { ComparisonType } from "./options.ts";
import { rankings } from "./ranking.ts";
import { metricNamed, METRICS, type MetricName, type Metrics, metricsOf, noMetrics } from "./registry.ts";
import { effectiveProportion, type Estimate, estimateOf, type Interval, wilson } from "./statistics.ts";
import type { Question } from "./question.ts";
import { type Side, type Verdict, verdictsOf } from "./verdicts.ts";
import { type Contribution, whyDifferent } from "./decomposition.ts";

/** One node's part of the answer. */
interface NodeResult {
  readonly node_name: string;
  readonly metrics: Metrics;
  /** 95% intervals by metric; null where there is none. */
  readonly intervals: Readonly<Partial<Record<MetricName, Interval | null>>>;
  readonly earnings_source: Earnings["source"];
  readonly earnings_api_usd: number | null;
  readonly earnings_model_usd: number | null;
  readonly log_level: LogNature["level"];
  readonly newest_line: string | null;
  /** Over the window, oldest first: percent, milliseconds, operations. null where nothing happened. */
  readonly trend: {
    readonly success_rate_download: readonly (number | null)[];
    readonly avg_latency_mean: readonly (number | null)[];
    readonly total_operations: readonly (number | null)[];
  };
  /** Why there are no figures; null where there are. */
  readonly error: string | null;
}

interface Why {
  readonly metric: MetricName;
  readonly worse: string;
  readonly better: string;
  readonly contributions: readonly Contribution[];
}

/** The answer, but for the order of the nodes and what depends on it. */
export interface Comparison {
  readonly nodes: readonly NodeResult[];
  readonly verdicts: readonly Verdict[];
  readonly why: readonly Why[];
  readonly caveats: readonly Caveat[];
}

/** Bootstrap resamples behind a latency interval. */
const RESAMPLES = 400;

/** Where a node's figures are: an open store, closed by the disposing. */
export interface NodeSource {
  readonly name: string;
  open(): Promise<{ readonly db: Database; readonly nodeId: number } & Disposable>;
}

type Gathered =
  | {
      readonly type: "data";
      readonly name: string;
      readonly data: NodeData;
      readonly satellites: ReadonlyMap<number, string>;
    }
  | { readonly type: "failed"; readonly name: string; readonly reason: string };

function satelliteNames(db: Database): ReadonlyMap<number, string> {
  const rows = db.query<{ id: number; name: string }, []>("SELECT id, name FROM satellite").all();
  return new Map(rows.map((row) => [row.id, row.name]));
}

async function gather(source: NodeSource, options: Question): Promise<Gathered> {
  try {
    using store = await source.open();
    const deadline = performance.now() + options.queryTimeout;
    const data = gatherNode(store.db, store.nodeId, options.window, deadline);
    return { type: "data", name: source.name, data, satellites: satelliteNames(store.db) };
  } catch (error) {
    // One node's trouble is told beside the others' figures.
    return { type: "failed", name: source.name, reason: messageOf(error) };
  }
}

const TREND_POINTS = 12;

function trendOf(hours: readonly HourStats[], window: Window): NodeResult["trend"] {
  const points = Array.from({ length: TREND_POINTS }, () => ({
    good: 0,
    downloads: 0,
    timed: 0,
    timedMs: 0,
    all: 0,
  }));
  const lengthMs = window.untilMs - window.sinceMs;
  for (const hour of hours) {
    const place = Math.floor(((hour.startMs - window.sinceMs) / lengthMs) * TREND_POINTS);
    const point = points[Math.min(TREND_POINTS - 1, Math.max(0, place))];
    if (point === undefined) continue;
    point.good += hour.counts[0] ?? 0;
    point.downloads += (hour.counts[0] ?? 0) + (hour.counts[1] ?? 0) + (hour.counts[2] ?? 0);
    point.timed += hour.timed;
    point.timedMs += hour.timedMs;
    for (const count of hour.counts) point.all += count;
  }
  return {
    success_rate_download: points.map(({ good, downloads }) =>
      downloads === 0 ? null : (good / downloads) * 100,
    ),
    avg_latency_mean: points.map(({ timed, timedMs }) => (timed === 0 ? null : timedMs / timed)),
    total_operations: points.map(({ all }) => (all === 0 ? null : all)),
  };
}

interface Judged {
  readonly side: Side;
  readonly result: NodeResult;
  readonly nature: LogNature;
}

function judge(gathered: Extract<Gathered, { type: "data" }>, options: Question): Judged {
  const { name, data } = gathered;
  const measured = measure(data, { window: options.window, rates: options });
  const metrics = metricsOf(measured);
  const { earnings } = measured;
  const seed = textIdentity(`${name} ${options.window.sinceMs} ${options.window.untilMs}`);
  const resamples = bootstrap(measured.latency.table, RESAMPLES, seededRandom(seed));
  const intervals: Partial<Record<MetricName, Interval | null>> = {};
  const estimates: Partial<Record<MetricName, Estimate>> = {};
  for (const { name: metric, question } of METRICS) {
    if (question?.type !== "share") continue;
    intervals[metric] = null;
    if (metrics[metric] === null) continue;
    const proportion = effectiveProportion(
      data.hours.map((hour) => countsOf(hour, question.kind, question.outcome)),
    );
    estimates[metric] = estimateOf(proportion);
    const [low, high] = wilson(proportion);
    intervals[metric] = [low * 100, high * 100];
  }
  for (const metric of LATENCY_METRICS) {
    const draws = resamples[metric].toSorted();
    const at = (share: number): number => draws[Math.round(share * (draws.length - 1))] ?? 0;
    intervals[metric] = draws.length === 0 ? null : [at(0.025), at(0.975)];
  }
  const nature = natureOf(data.hours);
  return {
    side: { name, metrics, estimates, resamples },
    nature,
    result: {
      node_name: name,
      metrics,
      intervals,
      earnings_source: earnings.source,
      earnings_api_usd: earnings.apiUsd,
      earnings_model_usd: earnings.modelUsd,
      log_level: nature.level,
      newest_line: data.newestMs === null ? null : new Date(data.newestMs).toISOString(),
      trend: trendOf(data.hours, options.window),
      error: null,
    },
  };
}

function failedResult(name: string, reason: string): NodeResult {
  return {
    node_name: name,
    metrics: noMetrics(),
    intervals: {},
    earnings_source: null,
    earnings_api_usd: null,
    earnings_model_usd: null,
    log_level: null,
    newest_line: null,
    trend: { success_rate_download: [], avg_latency_mean: [], total_operations: [] },
    error: reason,
  };
}

/** Where the real differences come from, one of each metric and pair; of the latencies the mean stands for all. */
function explain(verdicts: readonly Verdict[], gathered: readonly Gathered[]): Why[] {
  const inputs = new Map(
    gathered
      .filter((node) => node.type === "data")
      .map(({ name, data, satellites }) => [
        name,
        {
          cells: data.cells,
          hours: data.hours,
          satelliteName: (id: number) => satellites.get(id) ?? "unknown",
        },
      ]),
  );
  const told = new Set<string>();
  const why: Why[] = [];
  for (const { metric, worse, better, significant } of verdicts) {
    const a = inputs.get(worse ?? "");
    const b = inputs.get(better ?? "");
    if (!significant || worse === null || better === null || a === undefined || b === undefined) continue;
    const { question, lowerIsBetter } = metricNamed(metric);
    const part = question?.type === "share" ? question : null;
    const about: MetricName = part === null ? "avg_latency_mean" : metric;
    const mark = `${about}\n${worse}\n${better}`;
    if (told.has(mark)) continue;
    told.add(mark);
    const contributions = whyDifferent(a, b, part).filter(
      // Only what makes it worse explains why it is worse.
      ({ contribution }) => contribution > 0 === lowerIsBetter,
    );
    why.push({ metric: about, worse, better, contributions });
  }
  return why;
}

/** Reads the nodes, one after the other, and compares them. The order of `sources` does not change a figure. */
export async function compareNodes(sources: readonly NodeSource[], options: Question): Promise<Comparison> {
  const ordered = sources.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const gathered: Gathered[] = [];
  for (const source of ordered) gathered.push(await gather(source, options));
  const judged = gathered.filter((node) => node.type === "data").map((node) => judge(node, options));
  const byName = new Map(judged.map((node) => [node.side.name, node.result]));
  const caveats = caveatsOf(
    judged.map(({ side, nature }) => ({ name: side.name, nature, metrics: side.metrics })),
  );
  const unfair = unfairMetrics(caveats);
  const { type, pairs, minGap, minLatencyGap } = options;
  const isJudged = type === "performance" || type === "overall";
  const verdicts = isJudged
    ? verdictsOf(
        judged.map(({ side }) => side),
        { pairs, minGap, minLatencyGap, unfair },
      )
    : [];
  return {
    nodes: gathered.map(
      (node) => byName.get(node.name) ?? failedResult(node.name, node.type === "failed" ? node.reason : ""),
    ),
    verdicts,
    why: explain(verdicts, gathered),
    caveats,
  };
}

function unfairMetrics(caveats: readonly Caveat[]): ReadonlySet<MetricName> {
  return new Set(caveats.filter((caveat) => caveat.unfair).flatMap((caveat) => caveat.metrics));
}

/** The nodes in the order asked for, and the rankings, whose ties keep that order. */
export function arrange(
  comparison: Comparison,
  names: readonly string[],
  type: ComparisonType,
): Comparison & { readonly rankings: Readonly<Record<string, readonly string[]>> } {
  const nodes = names
    .map((name) => comparison.nodes.find((node) => node.node_name === name))
    .filter((node) => node !== undefined);
  return { ...comparison, nodes, rankings: rankings(nodes, type, unfairMetrics(comparison.caveats)) };
}
