import type { Group } from "./command.ts";

export const config: Group = {
  purpose: "Writes, shows and checks the config file.",
  commands: {
    init: () => import("./config/init.ts").then((module) => module.configInit),
    show: () => import("./config/show.ts").then((module) => module.configShow),
    check: () => import("./config/check.ts").then((module) => module.configCheck),
    import: () => import("./config/import.ts").then((module) => module.configImport),
    path: () => import("./config/path.ts").then((module) => module.configPath),
  },
};
