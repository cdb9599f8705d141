import { toggle } from "../../settings/kind.ts";
import { keyName, option } from "../../settings/option.ts";
import { Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";
import type { EarlierConfig } from "../../upload/ledger/earlier-client.ts";
import { command } from "../command-line/command.ts";

/** The highest number of parallel uploads that `--workers` accepts. */
const MAX_WORKERS = 100;

/** Converts the earlier client's settings. A file that it would have read gives the same behaviour here. */
function syncValues(earlier: EarlierConfig): ReadonlyMap<string, unknown> {
  const { folderPath: folder, apiKey, url, retries, retryDelayMs, workers } = earlier;
  const limited = workers === null ? null : Math.min(workers, MAX_WORKERS);
  const values = { folder, apiKey, url, retries, retryDelay: retryDelayMs, workers: limited };
  return new Map(Object.entries(values).filter(([, value]) => value !== null));
}

function readInput(path: string): string {
  try {
    return readText(path);
  } catch (error) {
    throw new Failure(
      "usage",
      `cannot read ${path}: ${reasonOf(error)}; expected the earlier client's tanova-config.json`,
    );
  }
}

export const configImport = command({
  name: "config import",
  purpose: "Imports the earlier client's tanova-config.json.",
  usage: "FILE",
  positionals: { min: 1, max: 1 },
  options: {
    import: { force: option(toggle, false, "replace a config file that exists", { scope: "flag" }) },
  },
  readsConfig: false,
  details:
    "Writes the config file with the folder, key, URL, retries and workers of FILE set, mode 0600. FILE is only read. Import its history too: nodupe history import.",
  examples: [
    ["nodupe config import tanova-config.json", "write the config file where commands look for it"],
    ["nodupe config import tanova-config.json --config ./nodupe.toml", "write it elsewhere"],
  ],
  result: () => import("../../render/results/program.ts").then((module) => module.configImportResult),
  exitCodes: {
    0: "written",
    2: "FILE cannot be used, or the config file exists already",
    5: "not permitted to write there",
  },
  run: async ({ positionals, options, configFile, terminal }) => {
    const [source = ""] = positionals;
    const [{ readEarlierConfig }, { configTemplateWith }, { writeConfigFile }, { SECTIONS }] =
      await Promise.all([
        import("../../upload/ledger/earlier-client.ts"),
        import("../../settings/template.ts"),
        import("./write-config.ts"),
        import("../command-line/sections.ts"),
      ]);
    const read = readEarlierConfig(readInput(source));
    if (read.type === "refused") {
      throw new Failure(
        "usage",
        read.faults.map((fault) => `${source}: ${fault}`),
      );
    }
    const values = syncValues(read.value);
    writeConfigFile(
      configFile.path,
      configTemplateWith(SECTIONS, new Map([["sync", values]])),
      options.import.force,
    );
    const imported = [...values.keys()].map(keyName);
    if (terminal.json) {
      await terminal.resultJson({ path: configFile.path, imported });
    } else await terminal.result(`wrote ${configFile.path} with ${imported.join(", ")} from ${source}`);
    return 0;
  },
});
