import { Failure } from "../../lib/errors.ts";
import { duration, integer, list, path, text, timer, toggle } from "../../settings/kind.ts";
import { option, optional, type ValuesOf } from "../../settings/option.ts";

const nodeName = text("NAME", "a node's name: any text without = , or control characters");

/** The settings of `[ingest]` that apply whenever a log is read, also by `nodupe compare NAME=FILE`. */
export const pairingOptions = {
  openLimit: option(duration, 86_400_000, "give up an operation whose end has not come after this", {
    scope: "settings",
  }),
  maxOpen: option(
    integer(1_000, 1_000_000),
    65_536,
    "operations kept open at once; beyond that the oldest are given up",
    { scope: "settings" },
  ),
} as const;

/** `[ingest]` */
export const ingestOptions = {
  node: optional(nodeName, "the name that you give the node of this log", {
    scope: "flag",
    placeholder: "NAME",
    completes: "nodes",
  }),
  follow: option(toggle, false, "keep reading a growing file, through rotation, renaming and truncation", {
    scope: "flag",
  }),
  api: option(
    list(text("URL", "a URL such as http://127.0.0.1:14002")),
    [],
    "the node's own API: disk, reputation, payout",
    {
      scope: "flag",
      placeholder: "URL",
    },
  ),
  apiInterval: option(timer, 300_000, "how often to ask the API while a log is followed or piped", {
    scope: "settings",
  }),
  from: option(list(path), [], "import the events of storj_monitor's database", {
    scope: "flag",
    placeholder: "FILE",
  }),
  eventRetention: option(
    duration,
    90 * 86_400_000,
    "delete events older than this (by the log's own clock); roll-ups stay",
  ),
  ...pairingOptions,
} as const;

export type IngestSettings = ValuesOf<typeof ingestOptions>;
export type PairingSettings = ValuesOf<typeof pairingOptions>;

/** @throws Failure (usage) if `name` is not a valid node name: compare and its cache give `=` and `,` a meaning. */
export function checkNodeName(name: string): void {
  if (!/[\p{Cc}=,]/u.test(name) && name.length > 0 && name.length <= 64) return;
  throw new Failure(
    "usage",
    `${JSON.stringify(name)} is no node name: expected up to 64 characters without = , or control characters`,
  );
}
