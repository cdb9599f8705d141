import { count, flag, list, maybe, moment, number, object, oneOf, text } from "./fields.ts";

export const LOG_LEVELS = ["debug", "info", "error"] as const;

/** For each satellite, the latest scores in a node's log. */
export const scores = list(
  object({
    satellite: text("name of the satellite"),
    audit_percent: maybe(number("audit score in percent")),
    suspension_percent: maybe(number("suspension score in percent")),
    online_percent: maybe(number("online score in percent")),
  }),
  "latest scores in the node's log, one entry for each satellite",
);

const node = text("name of the node in the store");

/** `nodupe ingest`; with `--follow` one each time something is stored. */
export const ingestResult = object({
  node,
  files: count("files that were read"),
  lines: count("lines that were read: the sum of the next six keys"),
  events: count("ended operations that are new to the store: successful, canceled or failed"),
  started: count("lines about the start of an operation"),
  facts: count("lines about reputation, compaction and the like"),
  known: count("lines that an earlier run has read"),
  ignored: count("lines about other matters"),
  malformed: count("lines that cannot be read"),
  failures: list(
    object({ path: text("path of the file"), reason: text("why reading it ended") }),
    "files that were not read to their end",
  ),
  imported: maybe(count("operations imported from storj_monitor; null without `--from`")),
  api: list(
    object({
      url: text("address of the API, as it was given"),
      reachable: flag("whether the API answered"),
      reason: maybe(text("why the answer cannot be used")),
    }),
    "each API given with `--api`",
  ),
  pruned: count("events deleted because they are older than the retention"),
  interrupted: flag("whether a signal ended the command"),
  elapsed_s: number("duration of the command in seconds"),
  malformed_samples: list(text("beginning of the line"), "the first malformed lines"),
});

export const nodesListResult = object({
  nodes: list(
    object({
      node_name: node,
      events: count("ended operations in the store"),
      first_event: maybe(moment("time of the oldest of them")),
      newest_line: maybe(moment("time of the newest log line that was read")),
      log_level: maybe(oneOf(LOG_LEVELS, "log level of the node, judged by its log")),
      latency_resolution_ms: maybe(
        number("resolution of its latencies in milliseconds: 1, or 1000 if its log has whole seconds"),
      ),
      api_seen: maybe(moment("when the node's API last answered")),
      store_bytes: count("size of its data in the store, in bytes"),
      imported_hours: count("hours imported from storj_monitor"),
    }),
    "all nodes, sorted by name",
  ),
});

export const nodesRenameResult = object({ node_name: node, renamed_from: text("earlier name of the node") });
export const nodesMergeResult = object({
  node_name: node,
  merged_from: text("name of the node that was merged into it"),
});
export const nodesForgetResult = object({ node_name: node, forgotten: flag("always true") });
