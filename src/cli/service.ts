import { group, GROUP_CODES } from "./command-line/command.ts";

export const service = group({
  name: "service",
  purpose: "Runs a job unattended: systemd units for sync, time, ingest and serve.",
  examples: [
    ["sudo nodupe service install time", "keep the clock right, from boot on"],
    ["nodupe service print sync ~/CVs", "the unit, to be read or put somewhere else"],
  ],
  exitCodes: GROUP_CODES,
  subCommands: {
    install: () => import("./service/install.ts").then((module) => module.serviceInstall),
    print: () => import("./service/print.ts").then((module) => module.servicePrint),
    uninstall: () => import("./service/uninstall.ts").then((module) => module.serviceUninstall),
  },
});
