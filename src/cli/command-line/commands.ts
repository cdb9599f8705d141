import { group } from "./command.ts";

/** What nodupe does, in one line. */
const PURPOSE = "Uploads CVs exactly once, tells the right time, compares storage nodes.";

/** All commands: the tree behind the command line, the help, the completions and the man page. */
export const ROOT = group({
  name: "",
  purpose: PURPOSE,
  examples: [
    ["nodupe sync --bulk --sandbox ~/CVs", "try an upload: no account, no network"],
    ["nodupe time --json", "how far this clock is off, for a script"],
    ["nodupe compare old=old.log new=new.log", "which of two storage nodes is better"],
  ],
  exitCodes: [
    ["0", "all of it done"],
    ["1", "the job ran and failed, or some items failed (the result says which)"],
    ["2", "usage or configuration error; nothing was done"],
    ["3", "a check that was asked for does not hold"],
    ["4", "nothing reachable: no time source, no API"],
    ["5", "not permitted: clock, file, API key"],
  ],
  subCommands: {
    sync: () => import("../sync.ts").then((module) => module.sync),
    history: () => import("../history.ts").then((module) => module.history),
    sandbox: () => import("../sandbox.ts").then((module) => module.sandbox),
    time: () => import("../time.ts").then((module) => module.time),
    stamp: () => import("../stamp.ts").then((module) => module.stamp),
    ingest: () => import("../ingest.ts").then((module) => module.ingest),
    nodes: () => import("../nodes.ts").then((module) => module.nodes),
    compare: () => import("../compare.ts").then((module) => module.compare),
    serve: () => import("../serve.ts").then((module) => module.serve),
    status: () => import("../status.ts").then((module) => module.status),
    metrics: () => import("../metrics.ts").then((module) => module.metrics),
    service: () => import("../service.ts").then((module) => module.service),
    bench: () => import("../bench.ts").then((module) => module.bench),
    config: () => import("../config.ts").then((module) => module.config),
    completions: () => import("../completions.ts").then((module) => module.completions),
    upgrade: () => import("../upgrade.ts").then((module) => module.upgrade),
    version: () => import("../version.ts").then((module) => module.version),
  },
});
