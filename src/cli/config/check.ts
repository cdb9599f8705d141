import { readConfigFile } from "../../settings/file.ts";
import { command } from "../command-line/command.ts";
import { SECTIONS } from "../command-line/sections.ts";

export const configCheck = command({
  name: "config check",
  purpose: "Checks the config file and lists every fault.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: {},
  readsConfig: false,
  examples: [
    ["nodupe config check", "check the file that commands would read"],
    ["nodupe config check --config ./nodupe.toml", "check another one before it is put in place"],
  ],
  result: () => import("../../render/results/program.ts").then((module) => module.configCheckResult),
  exitCodes: { 0: "the file is valid", 2: "it is not, or does not exist; each fault is a line" },
  run: async ({ configFile, terminal }) => {
    const file = await readConfigFile(configFile.path, {
      required: true,
      sections: () => Promise.resolve(SECTIONS),
    });
    for (const warning of file.warnings) terminal.warn(warning);
    if (terminal.json) await terminal.resultJson({ path: file.path, valid: true, warnings: file.warnings });
    else await terminal.result(`${file.path} is valid`);
    return 0;
  },
});
