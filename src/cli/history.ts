import type { Group } from "./command.ts";

export const history: Group = {
  purpose: "What was uploaded to which server: imports, exports, shows and forgets it.",
  commands: {
    import: () => import("./history/import.ts").then((module) => module.historyImport),
    export: () => import("./history/export.ts").then((module) => module.historyExport),
    list: () => import("./history/list.ts").then((module) => module.historyList),
    forget: () => import("./history/forget.ts").then((module) => module.historyForget),
  },
};
