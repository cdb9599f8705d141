import * as z from "zod";
import type { Unit } from "../nodes/compare/metric.ts";
import {
  clock,
  fleet,
  measurement,
  nodeOverview,
  problems,
  statusResult,
  store,
  uploads,
} from "../render/results/board.ts";
import { compareResult } from "../render/results/comparison.ts";
import { count, flag, list, maybe, moment, number, object, oneOf, text } from "../render/results/fields.ts";
import { historyEntry } from "../render/results/uploads.ts";
import type { BoardSummary, SystemSummary } from "./board-summary.ts";
import type { JobTold } from "./jobs/jobs.ts";

/**
 * The schemas of the API's JSON answers. The OpenAPI description is generated from them, and tests check the answers
 * against them. Answers that a command also prints take their schema from that command.
 */

const perHour = list(z.number().nullable(), "by hour, oldest first");

const jobs = list(
  object({
    name: text("such as `follow pi-1`"),
    state: oneOf(["running", "waiting", "ended"], "waiting: it has failed, and is started again"),
    since: moment("since when it is in that state"),
    again: maybe(moment("when it is started again")),
    failures: count("how often it has failed"),
    reason: maybe(text("why it failed last")),
  }) satisfies z.ZodType<JobTold>,
  "what this process does beside serving",
);

const board = object({
  board_name: text("the machine's name"),
  version: text("of nodupe"),
  problems: problems.describe("the first of them"),
  problem_count: count("how many there are"),
  time: object({
    last: maybe(measurement.describe("the newest measurement from servers")),
    offsets_s: list(z.number().nullable(), "over the last day, oldest first"),
  }).describe("the clock"),
  sync: object({
    destinations: count("servers that CVs were sent to"),
    done: count("contents that are there"),
    waiting: count("contents that wait, or are on their way"),
    failed: count("contents that were refused for good"),
    at_work: flag("whether an upload runs"),
    last_success: maybe(moment("end of the last run that uploaded something")),
    done_by_hour: list(z.int(), "over the last day, oldest first"),
  }).describe("the uploads"),
  nodes: object({
    count: count("nodes in the store"),
    lowest_download: maybe(
      object({
        node_name: text("its name"),
        success_rate_download: number("percent of all ended downloads"),
      }).describe("the node whose downloads fail most"),
    ),
    operations: perHour.describe("of all nodes, by hour, oldest first"),
  }).describe("the nodes"),
  store: store.describe("the store"),
}) satisfies z.ZodType<BoardSummary>;

const { node_name, newest_line, age_s } = nodeOverview.shape;

const system = object({
  store: store.describe("the store"),
  logs: list(object({ node_name, newest_line, age_s }), "how far each node's log was read"),
  watches: uploads.shape.watches,
  shares: uploads.shape.shares,
}) satisfies z.ZodType<SystemSummary>;

const UNITS = ["percent", "count", "bytes", "ms", "usd"] as const satisfies readonly Unit[];

const metrics = object({
  metrics: list(
    object({
      name: text("its key in a comparison"),
      label: text("for people"),
      unit: oneOf(UNITS, "of its values"),
      lower_is_better: flag("as for latencies"),
    }),
    "the metrics of a comparison",
  ),
});

/** With `series=operations` a node's hours hold only the operations. */
const nodes = object({
  nodes: list(nodeOverview.extend({ hours: nodeOverview.shape.hours.partial() }), "every node"),
});

const done = object({ ok: z.literal(true) });

export const ANSWERS = {
  "POST /api/comparison": compareResult,
  "GET /api/time": clock,
  "GET /api/nodes": nodes,
  "GET /api/board": board,
  "GET /api/system": system,
  "GET /api/metrics": metrics,
  "GET /api/sync": uploads,
  "POST /api/sync/retry": object({ pending: count("contents that are pending again") }),
  "GET /api/history": object({
    entries: list(
      historyEntry.extend({ destination: text("the API's base URL, or `sandbox`") }),
      "the newest first",
    ),
    limit: count("entries of a page"),
    offset: count("entries before this page"),
  }),
  "GET /api/fleet": object({ boards: fleet }),
  "GET /api/jobs": object({ jobs }),
  "POST /api/login": done,
  "POST /api/logout": done,
  "GET /health": statusResult.extend({ jobs }),
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** A method and path with a JSON answer. */
export type Answered = keyof typeof ANSWERS;

/** The body of a refused request's answer. */
export const refused = object({ error: text("what was wrong, and what was expected") });
