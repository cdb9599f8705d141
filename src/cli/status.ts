import { statusOptions } from "../board/options.ts";
import { storeOptions } from "../db/options.ts";
import { command } from "./command-line/command.ts";

export const status = command({
  name: "status",
  purpose: "Shows the state of the clock, the uploads, the nodes and the store on one screen.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: { store: storeOptions, status: statusOptions },
  details:
    "Only reads the store: it measures nothing and contacts no server. A board is healthy if no upload failed, no run was cut off or ended without its server, no server has been away for two minutes while a run waits for it, no node is silent, and the clock was right when it was last measured.",
  examples: [
    ["nodupe status", "what is wrong, then each job"],
    ["nodupe status --deep", "check all that is stored too, after a power cut or on an old card"],
    [
      "/usr/local/bin/nodupe status -q || mail -s 'nodupe' root < /dev/null",
      "from cron: only when something is wrong",
    ],
  ],
  result: () => import("../render/results/board.ts").then((module) => module.statusResult),
  exitCodes: {
    0: "healthy",
    1: "something is wrong; the first lines say what",
    2: "usage error, or there is no store",
  },
  run: async ({ terminal, openStore, options }) => {
    const { readBoard } = await import("../board/board.ts");
    const { statusText } = await import("../render/status.ts");
    using store = await openStore({ readonly: true });
    const nowMs = Date.now();
    const board = readBoard(store, nowMs, options.status);
    if (terminal.json) await terminal.resultJson(board);
    else if (!terminal.quiet || !board.healthy) await terminal.result(statusText(board, nowMs));
    return board.healthy ? 0 : 1;
  },
});
