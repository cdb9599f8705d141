import { storeOptions } from "../../db/options.ts";
import { escapeText } from "../../lib/format/escape.ts";
import { command } from "../command-line/command.ts";
import { confirm, confirmOptions } from "../terminal/confirm.ts";

export const nodesForget = command({
  name: "nodes forget",
  purpose: "Deletes a storage node with all that the store has of it; its lines are then new again.",
  usage: "NAME",
  positionals: { min: 1, max: 1 },
  completes: "nodes",
  options: { store: storeOptions, nodes: confirmOptions },
  examples: [
    ["nodupe nodes forget pi-1", "asks first"],
    ["nodupe nodes forget pi-1 --yes", "in a script"],
  ],
  result: () => import("../../render/results/nodes.ts").then((module) => module.nodesForgetResult),
  exitCodes: {
    0: "forgotten",
    1: "declined, or a process ingests into it",
    2: "usage error, no such node, or no terminal to ask on and no --yes",
  },
  run: async ({ positionals: [name = ""], options, terminal, signal, openStore }) => {
    const { forgetNode, knownNode } = await import("../../nodes/manage/change-nodes.ts");
    using store = await openStore();
    knownNode(store.db, name);
    await confirm(`Forget node ${name} and all that is known of it? This cannot be undone.`, {
      isConfirmed: options.nodes.yes,
      signal,
    });
    forgetNode(store.db, name);
    if (terminal.json) await terminal.resultJson({ node_name: name, forgotten: true });
    else await terminal.result(`${escapeText(name)} is forgotten.`);
    return 0;
  },
});
