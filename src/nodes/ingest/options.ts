import { byteSize, duration, integer, list, path, text, timer, toggle } from "../../settings/kind.ts";
import { option, optional } from "../../settings/option.ts";

const nodeName = text("NAME", "a node's name: any text without = , or control characters");

/** `[ingest]` */
export const ingestOptions = {
  node: optional(nodeName, "the node that the log belongs to, by the name you give it", {
    scope: "flag",
    placeholder: "NAME",
  }),
  follow: option(toggle, false, "stay on a growing file, through rotation, renaming and truncation", {
    scope: "flag",
  }),
  api: option(
    list(text("URL", "a URL such as http://127.0.0.1:14002")),
    [],
    "the node's own API, asked for disk, reputation and payout",
    {
      scope: "flag",
      placeholder: "URL",
    },
  ),
  from: option(list(path), [], "take over the events of storj_monitor's database", {
    scope: "flag",
    placeholder: "FILE",
  }),
  apiTimeout: option(timer, 5_000, "how long the node's API may take to answer", { scope: "settings" }),
  eventRetention: option(
    duration,
    90 * 86_400_000,
    "events older than this (by the log's own clock) are pruned; roll-ups stay",
  ),
  openLimit: option(
    duration,
    86_400_000,
    "a started operation whose end has not come after this is given up",
    {
      scope: "settings",
    },
  ),
  maxOpen: option(
    integer(1_000, 1_000_000),
    65_536,
    "started operations held at once; the oldest beyond are given up",
    {
      scope: "settings",
    },
  ),
  pollInterval: option(timer, 500, "how often --follow looks for new lines", { scope: "settings" }),
  workerFrom: option(byteSize, 32 * 1_048_576, "files at least this large are parsed in a worker", {
    scope: "settings",
  }),
} as const;
