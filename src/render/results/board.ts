import * as z from "zod";
import type { Board } from "../../board/board.ts";
import { PROBLEM_SUBJECTS } from "../../board/problems.ts";
import { LOG_LEVELS, scores } from "./nodes.ts";
import { syncResult } from "./uploads.ts";
import { count, flag, list, maybe, moment, number, object, oneOf, text, whole } from "./fields.ts";

export const measurement = object({
  at: moment("when it was measured, by the clock at that time"),
  source: maybe(text("where the time came from")),
  authenticated: flag("whether the time was authenticated: true for NTS only"),
  server: maybe(text("name of the selected server")),
  offset_s: maybe(number("correction that the clock needed, in seconds")),
  error_bound_s: maybe(number("largest possible error of `offset_s`, in seconds")),
  drift_ppm: maybe(number("rate error of the machine's oscillator, in parts per million")),
  action: text("what was done to the clock: none, step or slew"),
});

/** GET /api/time. */
export const clock = object({
  last: maybe(measurement.describe("the newest measurement from servers")),
  age_s: maybe(number("seconds since `last`; negative if the clock was set back")),
  history: list(
    object({
      at: moment("mean time of these measurements"),
      measurements: count("number of measurements"),
      offset_s: maybe(number("mean of their offsets, in seconds")),
      offset_low_s: maybe(number("smallest true offset that all their error bounds allow, in seconds")),
      offset_high_s: maybe(number("largest true offset that all their error bounds allow, in seconds")),
      drift_ppm: maybe(number("mean rate error of the oscillator, in parts per million")),
    }),
    "measurements of the last 24 hours, grouped by time, oldest first",
  ),
  servers: list(
    object({
      host: text("name of the server, as it was given"),
      address: text("address and port of the server"),
      queries: count("requests sent to it"),
      answers: count("answers received from it"),
      delay_ms: maybe(number("round-trip time in milliseconds")),
      last_success: maybe(moment("when it last gave a good answer")),
      reason: maybe(text("why it last did not answer or was rejected")),
    }),
    "every time server that was asked",
  ),
});

const { failures: _failures, ...totals } = syncResult.shape;
const destination = text("the API's base URL, or `sandbox`");

/** GET /api/sync. */
export const uploads = object({
  destinations: list(
    object({
      url: destination,
      pending: count("contents waiting to be sent"),
      sending: count("contents being sent, or whose outcome is unknown"),
      done: count("contents that the server has"),
      failed: count("contents that the server refused for good"),
      breaker: object({
        state: oneOf(
          ["closed", "open"],
          "open if the server accepted no uploads when it was last needed, so that uploads wait",
        ),
        since: maybe(moment("when that began")),
        open_s: maybe(number("seconds since then")),
        reason: maybe(text("why it accepts none")),
        until: maybe(moment("when it accepts uploads again, if it has said so")),
      }).describe("whether the server accepts uploads"),
    }),
    "every server that CVs were sent to",
  ),
  failures: list(
    object({
      destination,
      reason: text("why the contents failed"),
      status: maybe(whole("HTTP status of the last answer")),
      count: count("contents that failed for this reason"),
    }),
    "failures grouped by reason",
  ),
  runs: list(
    object({
      destination,
      folder: text("folder that was uploaded"),
      pid: whole("process ID"),
      at_work: flag("whether the process still runs"),
      started: moment("when the run began"),
      ended: maybe(moment("when the run ended; null if it still runs or was killed")),
      result: maybe(
        z
          .looseObject({ ...totals })
          .partial()
          .describe("the object that `sync --json` printed, without `failures`"),
      ),
    }),
    "recent runs, newest first",
  ),
  watches: list(
    object({
      destination,
      folder: text("folder that is watched"),
      pid: whole("process ID"),
      at_work: flag("whether the process still runs"),
      mode: text("how it is watched: starting, events, scanning or absent"),
      reason: maybe(text("why the folder is scanned instead of watched")),
      since: moment("when this state began"),
    }),
    "watched folders",
  ),
  shares: list(
    object({
      destination,
      address: text("address of the shared store, without user and password"),
      state: oneOf(
        ["joined", "settling", "away"],
        "state of the connection; settling: the store was emptied or restarted, and uploads wait",
      ),
      reason: maybe(text("why the store is away")),
      at_work: flag("whether the process that reported this still runs"),
      since: moment("when this state began"),
    }),
    "upload histories shared with other machines",
  ),
  last_success: maybe(moment("when the last run that uploaded something ended")),
});

const series = (what: string) => list(z.number().nullable(), what);

/** A node over some hours. */
export const nodeOverview = object({
  node_name: text("name of the node in the store"),
  newest_line: maybe(moment("time of the newest log line that was read")),
  age_s: maybe(number("seconds since `newest_line`")),
  total_operations: count("operations that ended in the last 24 hours"),
  success_rate_download: maybe(number("successful downloads, in percent of those that ended")),
  success_rate_upload: maybe(number("successful uploads, in percent of those that ended")),
  success_rate_audit: maybe(number("successful audits, in percent of those that ended")),
  failed_percent: maybe(
    number("failed operations, in percent of those that ended; canceled ones do not count as failed"),
  ),
  avg_latency_mean: maybe(number("mean latency in milliseconds")),
  coverage_percent: number("part of the last 24 hours that its log covers, in percent"),
  log_level: maybe(oneOf(LOG_LEVELS, "log level of the node, judged by its log")),
  latency_resolution_ms: maybe(
    number("resolution of its latencies in milliseconds: 1, or 1000 if its log has whole seconds"),
  ),
  damaged_hours: count("hours of the last 24 that are damaged in the store and left out"),
  scores,
  hours: object({
    total_operations: series("operations that ended"),
    success_rate_download: series("successful downloads in percent"),
    avg_latency_mean: series("mean latency in milliseconds"),
  }).describe("values for each hour, oldest first"),
  standing: maybe(
    object({
      taken: moment("when the node's API was asked"),
      used_bytes: maybe(number("disk space used, in bytes")),
      total_bytes: maybe(number("disk space allocated, in bytes")),
      trash_bytes: maybe(number("size of the trash in bytes")),
      audit_score: maybe(number("audit score, 0 to 1")),
      suspension_score: maybe(number("suspension score, 0 to 1")),
      online_score: maybe(number("online score, 0 to 1")),
      payout_usd: maybe(number("payout of this month in US dollars")),
      held_usd: maybe(number("amount held back, in US dollars")),
      disqualified: maybe(count("satellites that have disqualified the node")),
      suspended: maybe(count("satellites that have suspended the node")),
      version: maybe(text("version of the storage node")),
    }).describe("latest values from the node's API"),
  ),
});

export const problems = list(
  object({
    about: oneOf(PROBLEM_SUBJECTS, "what the problem concerns"),
    key: text("identifier that stays the same while the problem lasts"),
    text: text("the problem in a sentence"),
  }),
  "problems that need attention",
);

export const fleet = list(
  object({
    url: text("address of the board, as in `[fleet] boards`"),
    name: maybe(text("name that the board gives itself; null until it has answered once")),
    state: oneOf(
      ["reachable", "unreachable", "unknown"],
      "whether the board answered when last asked; unknown: not asked yet",
    ),
    told: maybe(moment("when the board last answered; all keys from `version` on date from then")),
    age_s: maybe(number("seconds since the board last answered")),
    unreachable_since: maybe(moment("when the board first failed to answer")),
    unreachable_s: maybe(number("seconds since `unreachable_since`")),
    reason: maybe(text("why the board cannot be reached")),
    version: maybe(text("version of nodupe on that machine")),
    healthy: maybe(flag("whether that board has no problems")),
    problems,
    clock: maybe(
      measurement
        .pick({ at: true, source: true, offset_s: true, error_bound_s: true })
        .describe("clock of that machine, by its own measurement"),
    ),
    sync: maybe(
      object({
        done: count("contents that have been uploaded"),
        waiting: count("contents waiting or being sent"),
        failed: count("contents that the server refused for good"),
        at_work: flag("whether an upload runs"),
      }).describe("uploads of that machine"),
    ),
    nodes: list(nodeOverview, "nodes of that machine over the last 24 hours"),
  }),
  "the other boards that `nodupe serve` follows",
);

export const store = object({
  path: text("path of the store's file"),
  size_bytes: count("size of the store in bytes, with its write-ahead log"),
  free_bytes: maybe(count("free space on its file system, in bytes")),
  total_bytes: maybe(count("size of its file system in bytes")),
  version: text("version of nodupe"),
  damaged: maybe(
    object({
      pages: list(text("message from SQLite"), "faults of the database itself"),
      parts: list(
        object({
          node_name: text("node that the part belongs to"),
          part: oneOf(
            ["events", "hour", "day", "operations_in_flight", "checkpoint", "kept_hour"],
            "kind of part that is damaged",
          ),
          since: maybe(moment("start of the damaged period")),
          until: maybe(moment("end of the damaged period")),
        }),
        "parts whose checksum is wrong",
      ),
    }).describe("damage that `--deep` found; null without `--deep`"),
  ),
});

/** `nodupe status`, and GET /health. */
export const statusResult = object({
  healthy: flag("whether there are no problems"),
  problems,
  time: clock.describe("state of the clock"),
  sync: uploads.describe("state of the uploads"),
  nodes: list(nodeOverview, "each node over the last 24 hours"),
  store: store.describe("state of the store"),
  fleet,
}) satisfies z.ZodType<Board>;

export const metricsResult = object({
  output: maybe(text("file that was written; null for stdout")),
  metrics: list(
    object({
      name: text("name of the metric"),
      help: text("meaning of the metric"),
      samples: list(
        object({
          labels: z.record(z.string(), z.string()).describe("labels by name"),
          value: number("value in the metric's base unit"),
        }),
        "samples of the metric",
      ),
    }),
    "metrics, as in the Prometheus text",
  ),
  error: z.null().describe("always null here"),
});

export const serveResult = object({ url: text("address that the server listens on") });
