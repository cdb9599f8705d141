import { choice, duration, integer, number, text, timer, toggle } from "../../settings/kind.ts";
import { option, optional, type ValuesOf } from "../../settings/option.ts";

export const COMPARISON_TYPES = ["performance", "earnings", "efficiency", "overall"] as const;
export type ComparisonType = (typeof COMPARISON_TYPES)[number];

const usd = number({ min: 0, max: 1_000, placeholder: "USD" });
const time = text("TIME", "an ISO 8601 time with a zone, or a date (UTC)");

/** The settings of `[compare]` that apply to every answer, including those of the page and the API. */
export const judgeOptions = {
  minGap: option(
    number({ min: 0, max: 100 }),
    0.5,
    "the least difference of rates that counts, in percentage points",
    {
      scope: "settings",
    },
  ),
  minLatencyGap: option(
    number({ min: 2, max: 100 }),
    5,
    "the least difference of latencies that counts, in percent",
    {
      scope: "settings",
    },
  ),
  egressUsd: option(usd, 2, "model earnings: USD per TB of egress", { scope: "settings" }),
  repairUsd: option(usd, 2, "model earnings: USD per TB of repair egress", { scope: "settings" }),
  auditUsd: option(usd, 2, "model earnings: USD per TB of audit egress", { scope: "settings" }),
  storageUsd: option(usd, 1.5, "model earnings: USD per TB and month stored", { scope: "settings" }),
  cacheTtl: option(duration, 60_000, "how long a result is cached; 0s for never", {
    scope: "settings",
  }),
  cacheEntries: option(integer(1, 10_000), 100, "results cached", { scope: "settings" }),
  queryTimeout: option(timer, 10_000, "timeout for reading one node's figures", {
    scope: "settings",
  }),
} as const;

/** `[compare]` */
export const compareOptions = {
  last: option(duration, 7 * 86_400_000, "how far back from now, in whole hours", {
    defaultText: "7d; all of it with NAME=FILE",
  }),
  since: optional(time, "from this time on, instead of --last", { scope: "flag", excludes: ["last"] }),
  until: optional(time, "up to this time; default now", { scope: "flag" }),
  type: option(choice(COMPARISON_TYPES), "overall", "what is ranked and judged"),
  format: option(choice(["table", "json", "csv", "markdown"]), "table", "how the result is written"),
  pairs: option(toggle, false, "compare all pairs, not each node with the fleet's median"),
  ...judgeOptions,
} as const;

export type JudgeSettings = ValuesOf<typeof judgeOptions>;
export type CompareSettings = ValuesOf<typeof compareOptions>;
