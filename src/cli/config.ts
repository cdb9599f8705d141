import { group, GROUP_CODES } from "./command-line/command.ts";

export const config = group({
  name: "config",
  purpose: "Writes, shows and checks the config file.",
  examples: [
    ["nodupe config init", "write a commented file with every key"],
    ["nodupe config show sync", "what holds now, and where it comes from"],
  ],
  exitCodes: GROUP_CODES,
  subCommands: {
    init: () => import("./config/init.ts").then((module) => module.configInit),
    show: () => import("./config/show.ts").then((module) => module.configShow),
    check: () => import("./config/check.ts").then((module) => module.configCheck),
    import: () => import("./config/import.ts").then((module) => module.configImport),
    path: () => import("./config/path.ts").then((module) => module.configPath),
  },
});
