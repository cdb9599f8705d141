import { metricsOptions } from "../board/options.ts";
import { storeOptions } from "../db/options.ts";
import { codeOf, Failure, reasonOf } from "../lib/errors.ts";
import { replaceFile } from "../lib/replace-file.ts";
import { compareOptions } from "../nodes/compare/options.ts";
import { command } from "./command-line/command.ts";

// The settings of the earnings model.
const { egressUsd, repairUsd, auditUsd, storageUsd, queryTimeout } = compareOptions;

/** Makes the file readable by all, since the collector runs as another user. */
function writeOutput(path: string, text: string): void {
  try {
    replaceFile(path, text, { what: "--output", mode: 0o644 });
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = codeOf(error) ?? "";
    const isMistake = ["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG"].includes(code);
    const isRefused = ["EACCES", "EPERM", "EROFS"].includes(code);
    throw new Failure(
      isMistake ? "usage" : isRefused ? "not-permitted" : "failed",
      `--output ${path} cannot be written: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

export const metrics = command({
  name: "metrics",
  purpose: "Writes what the store knows as Prometheus text.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: {
    store: storeOptions,
    metrics: metricsOptions,
    compare: { egressUsd, repairUsd, auditUsd, storageUsd, queryTimeout },
  },
  details:
    "Reads the store alone: each node over the last 24 hours, the clock when it was last measured, the uploads, the store. The same as /metrics of nodupe serve. With --output the file is replaced whole or not at all, as the textfile collector of node_exporter wants it.",
  examples: [
    ["nodupe metrics", "to look at it"],
    [
      "/usr/local/bin/nodupe metrics --output /var/lib/node_exporter/textfile/nodupe.prom",
      "from cron, for the textfile collector",
    ],
  ],
  result: () => import("../render/results/board.ts").then((module) => module.metricsResult),
  exitCodes: {
    0: "written",
    1: "the file could not be written, or the store not be read",
    2: "usage error, or there is no store",
    5: "the file may not be written",
  },
  run: async ({ options, openStore, terminal }) => {
    const [{ readScrape }, { familiesOf, prometheusText }] = await Promise.all([
      import("../board/scrape.ts"),
      import("../render/prometheus.ts"),
    ]);
    using store = await openStore({ readonly: true });
    const scrape = readScrape(store, options.compare, Date.now());
    const { output } = options.metrics;
    const text = prometheusText(scrape);
    if (output !== null) writeOutput(output, `${text}\n`);
    if (terminal.json) await terminal.resultJson({ output, metrics: familiesOf(scrape), error: null });
    else if (output === null) await terminal.result(text);
    return 0;
  },
});
