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

const metric = z.enum(NAMES).describe("a metric");
const series = (what: string) => list(z.number().nullable(), what);

const contribution = object({
  dimension: oneOf(["satellite", "action", "size", "hour"], "by what the operations are grouped"),
  group: text("which group"),
  contribution: number("in the metric's unit; a dimension's add up to the difference"),
  rate_effect: number("of it: because the group itself goes better or worse"),
  mix_effect: number("of it: because one node has more of the group"),
  share_percent: number("the group's share of the operations"),
});

const node = object({
  node_name: text("as it was asked for"),
  metrics: metrics.describe("its values; null where one is not known"),
  intervals: z.partialRecord(metric, interval("low and high").nullable()).describe("95% intervals by metric"),
  earnings_source: maybe(oneOf(["api", "model"], "where total_earnings comes from")),
  earnings_api_usd: maybe(number("this month's, as the node's API says")),
  earnings_api_at: maybe(moment("when it said so")),
  earnings_model_usd: maybe(number("as the rates estimate them")),
  disqualified: maybe(count("satellites that have disqualified it")),
  suspended: maybe(count("satellites that have suspended it")),
  scores,
  log_level: maybe(oneOf(LOG_LEVELS, "as its log shows")),
  newest_line: maybe(moment("the newest line that was read")),
  trend: object({
    success_rate_download: series("percent"),
    avg_latency_mean: series("milliseconds"),
    total_operations: series("operations"),
  }).describe("over the window, oldest first"),
  latency_distribution: maybe(
    list(
      object({
        below_ms: number("the end of a class of latencies"),
        share_percent: number("of all timed operations"),
      }),
      "how the latencies spread, the shortest first; null where the log does not resolve them",
    ),
  ),
  as_of: maybe(moment("when figures that could not be read now were had")),
  error: maybe(text("why there are no figures")),
}) satisfies z.ZodType<NodeResult>;

const verdict = object({
  type: oneOf(["real_difference", "no_real_difference", "too_early"], "what can be said"),
  metric,
  better: maybe(text("a node; null where there is no real difference")),
  worse: maybe(text("a node; null where there is no real difference")),
  nodes: z.tuple([z.string(), z.string()]).describe("the two that were compared"),
  difference: number("percentage points for shares, percent for latencies"),
  interval: maybe(interval("95% interval of the difference")),
  significant: flag("neither chance nor trivial"),
  hours: count("hours that both logs have"),
  missing_hours: maybe(number("about how many more are needed to tell")),
  text: text("the same as a sentence"),
}) satisfies z.ZodType<Verdict>;

/** `nodupe compare`. */
export const compareResult = object({
  comparison_type: oneOf(COMPARISON_TYPES, "what was compared"),
  time_range: text("as it was asked for"),
  since: moment("the window's begin"),
  until: moment("the window's end"),
  nodes: list(node, "in the order asked for"),
  rankings: z.record(z.string(), z.array(z.string())).describe("by metric: the nodes, best first"),
  verdicts: list(verdict, "what is really different, what is not, what cannot be told yet"),
  why: list(
    object({
      metric,
      worse: text("a node"),
      better: text("a node, or the fleet's median"),
      contributions: list(contribution, "the largest part of each dimension first"),
      mostly: maybe(contribution.describe("the part that stands out")),
    }),
    "where each real difference comes from",
  ),
  caveats: list(
    object({
      metrics: list(metric, "what it is about"),
      nodes: list(z.string(), "whom it is about"),
      unfair: flag("the metrics are neither ranked nor judged"),
      text: text("a sentence"),
    }),
    "what cannot be compared, and why",
  ),
  cached: flag("answered from the cache"),
  cache_hits: maybe(count("since the store was made")),
  cache_hit_percent: maybe(number("of all questions")),
  elapsed_s: number("how long it took"),
});
