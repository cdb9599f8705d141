import type { Loader } from "./command.ts";

/** Every command, in the order of the help. */
export const COMMANDS: Readonly<Record<string, Loader>> = {
  sync: () => import("./sync.ts").then((module) => module.sync),
  history: () => import("./history.ts").then((module) => module.history),
  sandbox: () => import("./sandbox.ts").then((module) => module.sandbox),
  time: () => import("./time.ts").then((module) => module.time),
  stamp: () => import("./stamp.ts").then((module) => module.stamp),
  ingest: () => import("./ingest.ts").then((module) => module.ingest),
  compare: () => import("./compare.ts").then((module) => module.compare),
  bench: () => import("./bench.ts").then((module) => module.bench),
  config: () => import("./config.ts").then((module) => module.config),
  completions: () => import("./completions.ts").then((module) => module.completions),
  upgrade: () => import("./upgrade.ts").then((module) => module.upgrade),
};
