import * as z from "zod";
import { COMPARISON_TYPES } from "../../nodes/compare/options.ts";
import type { Unit } from "../../nodes/compare/metric.ts";
import type { Verdict } from "../../nodes/compare/judge/verdict.ts";
import type { NodeResult } from "../../nodes/compare/node-result.ts";
import { forEachMetric, METRICS } from "../../nodes/compare/registry.ts";
import { count, flag, interval, list, maybe, moment, number, object, oneOf, text } from "./fields.ts";
import { LOG_LEVELS, scores } from "./nodes.ts";

const NAMES = METRICS.map(({ name }) => name);

const UNIT_NAMES: Readonly<Record<Unit, string>> = {
  percent: "percent",
  count: "a number",
  bytes: "bytes",
  ms: "milliseconds",
  usd: "US dollars",
};

const metrics = object(forEachMetric(({ label, unit }) => maybe(number(`${label}, in ${UNIT_NAMES[unit]}`))));

const metric = z.enum(NAMES).describe("name of the metric");
const series = (what: string) => list(z.number().nullable(), what);

const contribution = object({
  dimension: oneOf(["satellite", "action", "size", "hour"], "property by which operations are grouped"),
  group: text("name of the group"),
  contribution: number(
    "part of the difference, in the metric's unit; those of one dimension add up to the difference",
  ),
  rate_effect: number("part of `contribution`: because the group itself does better or worse"),
  mix_effect: number("part of `contribution`: because one node has more of this group"),
  share_percent: number("share of the operations that are in the group, in percent"),
});

const node = object({
  node_name: text("name of the node, as it was given"),
  metrics: metrics.describe("metrics of the node; null if unknown"),
  intervals: z
    .partialRecord(metric, interval("lower and upper bound").nullable())
    .describe("95% intervals by metric"),
  earnings_source: maybe(oneOf(["api", "model"], "source of `total_earnings`")),
  earnings_api_usd: maybe(number("earnings of this month in US dollars, by the node's API")),
  earnings_api_at: maybe(moment("when the API was asked")),
  earnings_model_usd: maybe(number("earnings in US dollars, estimated from the rates")),
  disqualified: maybe(count("satellites that have disqualified the node")),
  suspended: maybe(count("satellites that have suspended the node")),
  scores,
  log_level: maybe(oneOf(LOG_LEVELS, "log level of the node, judged by its log")),
  newest_line: maybe(moment("time of the newest log line that was read")),
  trend: object({
    success_rate_download: series("successful downloads in percent"),
    avg_latency_mean: series("mean latency in milliseconds"),
    total_operations: series("operations that ended"),
  }).describe("values over the window, oldest first"),
  latency_distribution: maybe(
    list(
      object({
        below_ms: number("upper end of the class, in milliseconds"),
        share_percent: number("share of all timed operations, in percent"),
      }),
      "distribution of latencies, shortest first; null if the log does not resolve them",
    ),
  ),
  as_of: maybe(moment("when the figures were read, if they could not be read now")),
  error: maybe(text("why the node has no figures")),
}) satisfies z.ZodType<NodeResult>;

const verdict = object({
  type: oneOf(["real_difference", "no_real_difference", "too_early"], "what the comparison found"),
  metric,
  better: maybe(text("better node; null if there is no real difference")),
  worse: maybe(text("worse node; null if there is no real difference")),
  nodes: z.tuple([z.string(), z.string()]).describe("the two nodes that were compared"),
  difference: number("difference in percentage points for shares, in percent for latencies"),
  interval: maybe(interval("95% interval of the difference, in its unit")),
  significant: flag("whether the difference is neither chance nor trivial"),
  hours: count("hours that both logs cover"),
  missing_hours: maybe(number("estimate of the further hours needed to tell")),
  text: text("verdict in a sentence"),
}) satisfies z.ZodType<Verdict>;

/** `nodupe compare`. */
export const compareResult = object({
  comparison_type: oneOf(COMPARISON_TYPES, "kind of comparison"),
  time_range: text("time range, as it was given"),
  since: moment("start of the window"),
  until: moment("end of the window"),
  nodes: list(node, "nodes in the order given"),
  rankings: z.record(z.string(), z.array(z.string())).describe("nodes by metric, best first"),
  verdicts: list(verdict, "what really differs, what does not, and what cannot be told yet"),
  why: list(
    object({
      metric,
      worse: text("worse node"),
      better: text("better node, or the fleet's median"),
      contributions: list(
        contribution,
        "contributions to the difference, the largest of each dimension first",
      ),
      mostly: maybe(contribution.describe("contribution that stands out")),
    }),
    "causes of each real difference",
  ),
  caveats: list(
    object({
      metrics: list(metric, "metrics that the caveat concerns"),
      nodes: list(z.string(), "nodes that the caveat concerns"),
      unfair: flag("whether the metrics are left out of rankings and verdicts"),
      text: text("caveat in a sentence"),
    }),
    "limits of the comparison, with reasons",
  ),
  cached: flag("whether the answer came from the cache"),
  cache_hits: maybe(count("answers from the cache since the store was made")),
  cache_hit_percent: maybe(number("answers from the cache, in percent of all")),
  elapsed_s: number("duration of the command in seconds"),
});
