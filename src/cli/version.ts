import { COMMIT, TARGET } from "../lib/release.ts";
import { BUILD_TIME_S, VERSION } from "../lib/version.ts";
import { command } from "./command-line/command.ts";

const built = new Date(BUILD_TIME_S * 1_000).toISOString().slice(0, 10);

/** `nodupe 0.2.0 (linux-arm64, commit 1a2b3c4d5e6f of 2026-11-26)`. */
export const VERSION_LINE = `nodupe ${VERSION} (${[
  TARGET ?? "from source",
  COMMIT === null ? built : `commit ${COMMIT} of ${built}`,
].join(", ")})`;

export const version = command({
  name: "version",
  purpose: "Shows the version, what it was built for, and from which commit.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: {},
  readsConfig: false,
  examples: [
    ["nodupe version", "for a report; nodupe -V does the same"],
    ["nodupe --version", "the bare number"],
  ],
  result: () => import("../render/results/program.ts").then((module) => module.versionResult),
  exitCodes: { 0: "shown", 2: "usage error" },
  run: async ({ terminal }) => {
    const told = { version: VERSION, target: TARGET, commit: COMMIT, commit_date: built };
    if (terminal.json) await terminal.resultJson(told);
    else await terminal.result(VERSION_LINE);
    return 0;
  },
});
