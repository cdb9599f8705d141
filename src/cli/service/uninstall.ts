import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { command } from "../command-line/command.ts";
import { hasSystemd, unitFolder } from "./files.ts";
import { serviceOf, serviceOptions } from "./plan.ts";
import { systemctl } from "./systemctl.ts";

const uninstallOptions = { user: serviceOptions.user } as const;

export const serviceUninstall = command({
  name: "service uninstall",
  purpose: "Stops a service and removes its units; its data is kept.",
  usage: "sync|time|ingest|serve",
  positionals: { min: 1, max: 1 },
  options: { service: uninstallOptions },
  examples: [
    ["sudo nodupe service uninstall sync", "no more uploads in the background"],
    ["sudo nodupe service uninstall time", "leave the clock to another program"],
  ],
  result: () => import("../../render/results/program.ts").then((module) => module.serviceUninstallResult),
  exitCodes: {
    0: "removed",
    1: "it is not installed, or it did not stop",
    2: "usage error",
    5: "not permitted (use sudo)",
  },
  run: async ({ options, positionals, terminal }) => {
    const service = serviceOf(positionals[0] ?? "");
    const scope = options.service.user ? "user" : "system";
    const names = [`nodupe-${service}.service`, ...(service === "time" ? ["nodupe-time-boot.service"] : [])];
    const there = names.filter((name) => existsSync(join(unitFolder(scope), name)));
    if (there.length === 0)
      throw new Failure("failed", `there is no ${names[0]} in ${unitFolder(scope)}: nothing to remove`);
    if (scope === "system" && process.geteuid?.() !== 0)
      throw new Failure("not-permitted", `removing from ${unitFolder(scope)} needs root; use sudo`);
    if (hasSystemd()) await systemctl(scope, ["disable", "--now", ...there]);
    try {
      for (const name of there) rmSync(join(unitFolder(scope), name));
    } catch (error) {
      if (codeOf(error) !== "EACCES" && codeOf(error) !== "EPERM") throw error;
      throw new Failure(
        "not-permitted",
        `cannot remove from ${unitFolder(scope)}: ${reasonOf(error)}; use sudo`,
      );
    }
    if (hasSystemd()) await systemctl(scope, ["daemon-reload"]);
    if (terminal.json) await terminal.resultJson({ units: there, scope });
    else await terminal.result(`${there.join(" and ")} removed`);
    return 0;
  },
});
