import { storeOptions } from "../../db/options.ts";
import { escapeText } from "../../lib/format/escape.ts";
import { command } from "../command-line/command.ts";
import { confirm, confirmOptions } from "../terminal/confirm.ts";

export const nodesMerge = command({
  name: "nodes merge",
  purpose: "Merges one storage node into another: INTO gets all that FROM has, and FROM is deleted.",
  usage: "FROM INTO",
  positionals: { min: 2, max: 2 },
  completes: "nodes",
  options: { store: storeOptions, nodes: confirmOptions },
  details:
    "For a log that was read under a wrong --node. Lines that both took in are counted once, and all of them stay known. This cannot be undone.",
  examples: [
    ["nodupe nodes merge pi1 pi-1", "asks first"],
    ["nodupe nodes merge pi1 pi-1 --yes", "in a script"],
  ],
  result: () => import("../../render/results/nodes.ts").then((module) => module.nodesMergeResult),
  exitCodes: {
    0: "merged",
    1: "declined, or a process ingests into one of them",
    2: "usage error, no such node, or no terminal to ask on and no --yes",
  },
  run: async ({ positionals: [from = "", into = ""], options, terminal, signal, openStore }) => {
    const { knownNode } = await import("../../nodes/manage/change-nodes.ts");
    const { mergeNodes } = await import("../../nodes/manage/merge-nodes.ts");
    using store = await openStore();
    for (const name of [from, into]) knownNode(store.db, name);
    await confirm(`Merge node ${from} into ${into}? This cannot be undone.`, {
      isConfirmed: options.nodes.yes,
      signal,
    });
    mergeNodes(store.db, from, into);
    if (terminal.json) await terminal.resultJson({ node_name: into, merged_from: from });
    else await terminal.result(`${escapeText(from)} is merged into ${escapeText(into)}.`);
    return 0;
  },
});
