import { choice, integer } from "../../settings/kind.ts";
import { option, optional } from "../../settings/option.ts";
import { storeOptions } from "../../db/options.ts";
import { command } from "../command-line/command.ts";

const listOptions = {
  state: optional(choice(["pending", "sending", "done", "failed"]), "only contents in this state", {
    scope: "flag",
  }),
  limit: option(integer(1, 1_000_000), 50, "the newest so many", { scope: "flag" }),
} as const;

export const historyList = command({
  name: "history list",
  purpose: "Shows what was uploaded to each server, what is pending, what failed and why.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: { store: storeOptions, history: listOptions },
  examples: [
    ["nodupe history list", "the newest contents of every server"],
    ["nodupe history list --state failed --json", "all that was refused for good, for a script"],
  ],
  result: () => import("../../render/results/uploads.ts").then((module) => module.historyListResult),
  exitCodes: { 0: "shown", 2: "usage error" },
  run: async ({ options: { history }, terminal, openStore }) => {
    const { countStates, listDestinations, listEntries } = await import("../../upload/ledger/history.ts");
    const { historyJson, historyText } = await import("../../render/history.ts");
    using store = await openStore();
    const shown = listDestinations(store.db).map(({ id, url }) => ({
      url,
      counts: countStates(store.db, id),
      entries: listEntries(store.db, id, history),
    }));
    if (terminal.json) await terminal.resultJson(historyJson(shown));
    else await terminal.result(historyText(shown));
    return 0;
  },
});
