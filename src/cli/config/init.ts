import { toggle } from "../../settings/kind.ts";
import { option } from "../../settings/option.ts";
import { command } from "../command-line/command.ts";

export const configInit = command({
  name: "config init",
  purpose: "Writes a commented config file with every key and its default.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: {
    init: { force: option(toggle, false, "replace a file that exists", { scope: "flag" }) },
  },
  readsConfig: false,
  examples: [
    ["nodupe config init", "write it where commands look for it, mode 0600"],
    ["nodupe config init --config ./nodupe.toml", "write it elsewhere"],
  ],
  result: () => import("../../render/results/program.ts").then((module) => module.configInitResult),
  exitCodes: { 0: "written", 2: "the file exists already", 5: "not permitted to write there" },
  run: async ({ options, configFile, terminal }) => {
    const [{ configTemplate }, { writeConfigFile }, { SECTIONS }] = await Promise.all([
      import("../../settings/template.ts"),
      import("./write-config.ts"),
      import("../command-line/sections.ts"),
    ]);
    writeConfigFile(configFile.path, configTemplate(SECTIONS), options.init.force);
    if (terminal.json) await terminal.resultJson({ path: configFile.path, written: true });
    else await terminal.result(`wrote ${configFile.path}`);
    return 0;
  },
});
