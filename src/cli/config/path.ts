import { command } from "../command-line/command.ts";

export const configPath = command({
  name: "config path",
  purpose: "Prints where the config file is looked for.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: {},
  readsConfig: false,
  examples: [
    ["nodupe config path", "the path that this user's commands read"],
    ['${EDITOR:-vi} "$(nodupe config path)"', "edit it"],
  ],
  result: () => import("../../render/results/program.ts").then((module) => module.configPathResult),
  exitCodes: { 0: "told", 2: "usage error" },
  run: async ({ configFile, terminal }) => {
    const { existsSync } = await import("node:fs");
    const exists = existsSync(configFile.path);
    if (terminal.json) await terminal.resultJson({ path: configFile.path, exists });
    else await terminal.result(configFile.path);
    return 0;
  },
});
