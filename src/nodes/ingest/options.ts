import { Failure } from "../../lib/errors.ts";
import { duration, integer, list, path, text, timer, toggle } from "../../settings/kind.ts";
import { option, optional, type ValuesOf } from "../../settings/option.ts";

const nodeName = text("NAME", "a node's name: any text without = , or control characters");

/** What of `[ingest]` holds wherever a log is read: for `nodupe compare NAME=FILE` too. */
export const pairingOptions = {
  openLimit: option(
    duration,
    86_400_000,
    "a started operation whose end has not come after this is given up",
    { scope: "settings" },
  ),
  maxOpen: option(
    integer(1_000, 1_000_000),
    65_536,
    "started operations held at once; the oldest beyond are given up",
    { scope: "settings" },
  ),
} as const;

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
  apiInterval: option(timer, 300_000, "how often the API is asked again while a log is followed or piped", {
    scope: "settings",
  }),
  from: option(list(path), [], "take over the events of storj_monitor's database", {
    scope: "flag",
    placeholder: "FILE",
  }),
  eventRetention: option(
    duration,
    90 * 86_400_000,
    "events older than this (by the log's own clock) are pruned; roll-ups stay",
  ),
  ...pairingOptions,
} as const;

export type IngestSettings = ValuesOf<typeof ingestOptions>;
export type PairingSettings = ValuesOf<typeof pairingOptions>;

/** @throws Failure of kind usage where `name` cannot name a node: `=` and `,` have a meaning for compare and its cache. */
export function checkNodeName(name: string): void {
  if (!/[\p{Cc}=,]/u.test(name) && name.length > 0 && name.length <= 64) return;
  throw new Failure(
    "usage",
    `${JSON.stringify(name)} is no node name: expected up to 64 characters without = , or control characters`,
  );
}
