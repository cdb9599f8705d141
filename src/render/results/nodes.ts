import { count, flag, list, maybe, moment, number, object, oneOf, text } from "./fields.ts";

export const LOG_LEVELS = ["debug", "info", "error"] as const;

/** For each satellite, the latest scores in a node's log. */
export const scores = list(
  object({
    satellite: text("its name"),
    audit_percent: maybe(number("audit score")),
    suspension_percent: maybe(number("suspension score")),
    online_percent: maybe(number("online score")),
  }),
  "the last scores in its log",
);

const node = text("its name in the store");

/** `nodupe ingest`; with `--follow` one each time something is stored. */
export const ingestResult = object({
  node,
  files: count("files that were read"),
  lines: count("lines that were read: the sum of the next six"),
  events: count("ended operations that are new to the store: success, canceled, failed"),
  started: count("started lines, taken to pair with their ends"),
  facts: count("reputation, compaction and the like"),
  known: count("lines that an earlier run took"),
  ignored: count("lines that mean nothing here"),
  malformed: count("lines that cannot be read"),
  failures: list(
    object({ path: text("the file"), reason: text("why") }),
    "files that were not read to their end",
  ),
  imported: maybe(count("operations imported from storj_monitor; null without --from")),
  api: list(
    object({
      url: text("as it was given"),
      reachable: flag("whether it answered"),
      reason: maybe(text("why its answer is of no use")),
    }),
    "one for each --api",
  ),
  pruned: count("events that are older than the retention, deleted"),
  interrupted: flag("ended by a signal"),
  elapsed_s: number("how long it took"),
  malformed_samples: list(text("the beginning of a line"), "the first malformed lines"),
});

export const nodesListResult = object({
  nodes: list(
    object({
      node_name: node,
      events: count("ended operations in the store"),
      first_event: maybe(moment("the oldest of them")),
      newest_line: maybe(moment("the newest line that was read")),
      log_level: maybe(oneOf(LOG_LEVELS, "as its log shows")),
      latency_resolution_ms: maybe(number("1, or 1000 where its log has whole seconds")),
      api_seen: maybe(moment("when its API answered last")),
      store_bytes: count("what it takes in the store"),
      imported_hours: count("hours that came from storj_monitor"),
    }),
    "every node, by name",
  ),
});

export const nodesRenameResult = object({ node_name: node, renamed_from: text("its earlier name") });
export const nodesMergeResult = object({ node_name: node, merged_from: text("the node that is no more") });
export const nodesForgetResult = object({ node_name: node, forgotten: flag("always true") });
