import { storeOptions } from "../../db/options.ts";
import { escapeText } from "../../lib/format/escape.ts";
import { command } from "../command-line/command.ts";

export const nodesRename = command({
  name: "nodes rename",
  purpose: "Gives a storage node another name; its lines stay known.",
  details: "A process that follows its log goes on, under the new name.",
  usage: "OLD NEW",
  positionals: { min: 2, max: 2 },
  completes: "nodes",
  options: { store: storeOptions },
  examples: [
    ["nodupe nodes rename pi1 pi-1", "its lines stay known"],
    ["nodupe nodes rename pi1 pi-1 --json", "for a script"],
  ],
  result: () => import("../../render/results/nodes.ts").then((module) => module.nodesRenameResult),
  exitCodes: { 0: "renamed", 2: "usage error, no such node, or the new name is taken" },
  run: async ({ positionals: [from = "", to = ""], terminal, openStore }) => {
    const { renameNode } = await import("../../nodes/manage/change-nodes.ts");
    using store = await openStore();
    renameNode(store.db, from, to);
    if (terminal.json) await terminal.resultJson({ node_name: to, renamed_from: from });
    else await terminal.result(`${escapeText(from)} is now ${escapeText(to)}.`);
    return 0;
  },
});
