import * as z from "zod";
import type { Board } from "../../board/board.ts";
import { PROBLEM_SUBJECTS } from "../../board/problems.ts";
import { LOG_LEVELS, scores } from "./nodes.ts";
import { syncResult } from "./uploads.ts";
import { count, flag, list, maybe, moment, number, object, oneOf, text, whole } from "./fields.ts";

export const measurement = object({
  at: moment("when, by the clock of then"),
  source: maybe(text("where the time came from")),
  authenticated: flag("true for NTS alone"),
  server: maybe(text("the selected server")),
  offset_s: maybe(number("what was to be added to the clock")),
  error_bound_s: maybe(number("how far off that may be at most")),
  drift_ppm: maybe(number("how fast the raw clock ran")),
  action: text("none, step or slew"),
});

/** GET /api/time. */
export const clock = object({
  last: maybe(measurement.describe("the newest measurement from servers")),
  age_s: maybe(number("since then; negative where the clock was set back")),
  history: list(
    object({
      at: moment("the mean of their times"),
      measurements: count("how many there were"),
      offset_s: maybe(number("their mean")),
      offset_low_s: maybe(number("the least that the truth may be, by all their bounds")),
      offset_high_s: maybe(number("the greatest that it may be")),
      drift_ppm: maybe(number("the mean of the drift")),
    }),
    "of the last day, by stretches of time, oldest first",
  ),
  servers: list(
    object({
      host: text("as it was named"),
      address: text("its address and port"),
      queries: count("requests sent to it"),
      answers: count("answers that came"),
      delay_ms: maybe(number("round trip")),
      last_success: maybe(moment("its last good answer")),
      reason: maybe(text("why it did not answer, or was not believed, last")),
    }),
    "every server that was asked",
  ),
});

const { failures: _failures, ...totals } = syncResult.shape;
const destination = text("the API's base URL, or `sandbox`");

/** GET /api/sync. */
export const uploads = object({
  destinations: list(
    object({
      url: destination,
      pending: count("contents that wait"),
      sending: count("contents on their way, or in doubt"),
      done: count("contents that are there"),
      failed: count("contents that were refused for good"),
    }),
    "every server that CVs were sent to",
  ),
  failures: list(
    object({
      destination,
      reason: text("why"),
      status: maybe(whole("the HTTP status")),
      count: count("contents that failed for it"),
    }),
    "what failed, by reason",
  ),
  runs: list(
    object({
      destination,
      folder: text("that was uploaded"),
      pid: whole("its process"),
      at_work: flag("whether it still runs"),
      started: moment("when it began"),
      ended: maybe(moment("when it ended; null where it runs or was killed")),
      result: maybe(
        z
          .looseObject({ ...totals })
          .partial()
          .describe("as sync --json printed it, without `failures`"),
      ),
    }),
    "the newest first",
  ),
  watches: list(
    object({
      destination,
      folder: text("that is watched"),
      pid: whole("its process"),
      at_work: flag("whether it still runs"),
      mode: text("starting, events, scanning or absent"),
      reason: maybe(text("why it is scanned instead of watched")),
      since: moment("since when"),
    }),
    "folders that are watched",
  ),
  shares: list(
    object({
      destination,
      address: text("of the shared store, without user and password"),
      state: oneOf(["joined", "settling", "away"], "settling: it was emptied or restarted, and uploads wait"),
      reason: maybe(text("why it is away")),
      at_work: flag("whether the process that saw it so still runs"),
      since: moment("since when"),
    }),
    "histories that are shared with other machines",
  ),
  last_success: maybe(moment("end of the last run that uploaded something")),
});

const series = (what: string) => list(z.number().nullable(), what);

/** A node over some hours. */
export const nodeOverview = object({
  node_name: text("its name in the store"),
  newest_line: maybe(moment("the newest line that was read")),
  age_s: maybe(number("since then")),
  total_operations: count("ended in the last 24 hours"),
  success_rate_download: maybe(number("percent of all ended downloads")),
  success_rate_upload: maybe(number("percent of all ended uploads")),
  success_rate_audit: maybe(number("percent of all ended audits")),
  failed_percent: maybe(number("of all ended operations; canceled ones are not among them")),
  avg_latency_mean: maybe(number("milliseconds")),
  coverage_percent: number("of the last 24 hours, what its log covers"),
  log_level: maybe(oneOf(LOG_LEVELS, "as its log shows")),
  latency_resolution_ms: maybe(number("1, or 1000 where its log has whole seconds")),
  damaged_hours: count("of the last 24 that are damaged in the store, and left out"),
  scores,
  hours: object({
    total_operations: series("operations"),
    success_rate_download: series("percent"),
    avg_latency_mean: series("milliseconds"),
  }).describe("by hour, oldest first"),
  standing: maybe(
    object({
      taken: moment("when the API was asked"),
      used_bytes: maybe(number("disk space used")),
      total_bytes: maybe(number("disk space allocated")),
      trash_bytes: maybe(number("in the trash")),
      audit_score: maybe(number("0 to 1")),
      suspension_score: maybe(number("0 to 1")),
      online_score: maybe(number("0 to 1")),
      payout_usd: maybe(number("this month's payout")),
      held_usd: maybe(number("held back")),
      disqualified: maybe(count("satellites that have disqualified it")),
      suspended: maybe(count("satellites that have suspended it")),
      version: maybe(text("of the storage node")),
    }).describe("what its API said last"),
  ),
});

export const problems = list(
  object({
    about: oneOf(PROBLEM_SUBJECTS, "what it is about"),
    key: text("the same for the same problem"),
    text: text("a sentence"),
  }),
  "what somebody should look at",
);

export const fleet = list(
  object({
    url: text("as `[fleet] boards` names it"),
    name: maybe(text("what that board calls itself; null until it has answered once")),
    state: oneOf(["reachable", "unreachable", "unknown"], "whether it answered last; unknown: not asked yet"),
    told: maybe(moment("when it last answered; everything from `version` on dates from then")),
    age_s: maybe(number("since then")),
    unreachable_since: maybe(moment("when it first did not answer")),
    unreachable_s: maybe(number("since then")),
    reason: maybe(text("why it cannot be reached")),
    version: maybe(text("of its nodupe")),
    healthy: maybe(flag("nothing is wrong there")),
    problems,
    clock: maybe(
      measurement
        .pick({ at: true, source: true, offset_s: true, error_bound_s: true })
        .describe("its clock, by its own measurement"),
    ),
    sync: maybe(
      object({
        done: count("contents that are uploaded"),
        waiting: count("contents that wait, or are on their way"),
        failed: count("contents that were refused for good"),
        at_work: flag("whether an upload runs"),
      }).describe("its uploads"),
    ),
    nodes: list(nodeOverview, "its nodes over the last 24 hours"),
  }),
  "the other boards that `nodupe serve` follows",
);

export const store = object({
  path: text("the file"),
  size_bytes: count("with its write-ahead log"),
  free_bytes: maybe(count("free on its file system")),
  total_bytes: maybe(count("size of its file system")),
  version: text("of nodupe"),
  damaged: maybe(
    object({
      pages: list(text("in SQLite's words"), "what is wrong with the database itself"),
      parts: list(
        object({
          node_name: text("whose it is"),
          part: oneOf(
            ["events", "hour", "day", "operations_in_flight", "checkpoint", "kept_hour"],
            "what is damaged",
          ),
          since: maybe(moment("where it begins")),
          until: maybe(moment("where it ends")),
        }),
        "what does not have the checksum it was written with",
      ),
    }).describe("what --deep found; null without it"),
  ),
});

/** `nodupe status`, and GET /health. */
export const statusResult = object({
  healthy: flag("nothing is wrong"),
  problems,
  time: clock.describe("the clock"),
  sync: uploads.describe("the uploads"),
  nodes: list(nodeOverview, "every node over the last 24 hours"),
  store: store.describe("the store"),
  fleet,
}) satisfies z.ZodType<Board>;

export const metricsResult = object({
  output: maybe(text("the file that was replaced; null for stdout")),
  metrics: list(
    object({
      name: text("of the metric"),
      help: text("what it says"),
      samples: list(
        object({
          labels: z.record(z.string(), z.string()).describe("by name"),
          value: number("in the metric's base unit"),
        }),
        "its values",
      ),
    }),
    "as in the Prometheus text",
  ),
  error: z.null().describe("always null here"),
});

export const serveResult = object({ url: text("where it listens") });
