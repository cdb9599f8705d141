import { choice, integer, toggle } from "../kind.ts";
import { option, optional } from "../option.ts";

const flag = { scope: "flag" } as const;

/** Flags of the history commands; none of them is a setting. */
export const historyListOptions = {
  state: optional(choice(["pending", "sending", "done", "failed"]), "only contents in this state", flag),
  limit: option(integer(1, 1_000_000), 50, "the newest so many", flag),
} as const;

export const historyForgetOptions = {
  all: option(toggle, false, "everything of the destination", flag),
} as const;

export const historyImportOptions = {
  dryRun: option(toggle, false, "say what would be imported, and write nothing", flag),
} as const;
