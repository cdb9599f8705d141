import { group, GROUP_CODES } from "./command-line/command.ts";

export const history = group({
  name: "history",
  purpose: "What was uploaded to which server: imports, exports, shows, verifies and forgets it.",
  examples: [
    ["nodupe history list --state failed", "what was refused, and why"],
    ["nodupe history import ~/.tanova/sync_history.json", "import what the earlier client sent"],
  ],
  exitCodes: GROUP_CODES,
  subCommands: {
    import: () => import("./history/import.ts").then((module) => module.historyImport),
    export: () => import("./history/export.ts").then((module) => module.historyExport),
    list: () => import("./history/list.ts").then((module) => module.historyList),
    verify: () => import("./history/verify.ts").then((module) => module.historyVerify),
    forget: () => import("./history/forget.ts").then((module) => module.historyForget),
  },
});
