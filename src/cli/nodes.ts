import { group, GROUP_CODES } from "./command-line/command.ts";

export const nodes = group({
  name: "nodes",
  purpose: "The storage nodes of the store: lists, renames, merges and forgets them.",
  examples: [
    ["nodupe nodes list", "what is known of each, and how much room it takes"],
    ["nodupe nodes merge pi1 pi-1", "mend a wrong --node: lines of both stay known"],
  ],
  exitCodes: GROUP_CODES,
  subCommands: {
    list: () => import("./nodes/list.ts").then((module) => module.nodesList),
    rename: () => import("./nodes/rename.ts").then((module) => module.nodesRename),
    merge: () => import("./nodes/merge.ts").then((module) => module.nodesMerge),
    forget: () => import("./nodes/forget.ts").then((module) => module.nodesForget),
  },
});
