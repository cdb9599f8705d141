import { storeOptions } from "../../db/options.ts";
import { command } from "../command-line/command.ts";

export const nodesList = command({
  name: "nodes list",
  purpose: "Lists the storage nodes of the store: how much of their logs it has, and how fresh.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: { store: storeOptions },
  examples: [
    ["nodupe nodes list", "every node, by name"],
    ["nodupe nodes list --json", "for a script: when was each node heard last?"],
  ],
  result: () => import("../../render/results/nodes.ts").then((module) => module.nodesListResult),
  exitCodes: { 0: "listed", 2: "usage error" },
  run: async ({ terminal, openStore }) => {
    const { listNodes } = await import("../../nodes/manage/list-nodes.ts");
    const { nodesJson, nodesText } = await import("../../render/nodes.ts");
    using store = await openStore();
    const listed = listNodes(store.db);
    if (terminal.json) await terminal.resultJson(nodesJson(listed));
    else await terminal.result(nodesText(listed, Date.now()));
    return 0;
  },
});
