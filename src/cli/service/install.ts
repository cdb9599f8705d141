import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { command } from "../command-line/command.ts";
import { hasSystemd, servicePapers, unitFolder } from "./files.ts";
import { refuseHomeProgram, serviceOptions, servicePlan } from "./plan.ts";
import { serviceSyncOptions } from "./print.ts";
import { startUnit, systemctl } from "./systemctl.ts";

export const serviceInstall = command({
  name: "service install",
  purpose: "Installs a service and starts it, now and at every boot.",
  usage: "sync|time|ingest|serve [ARGUMENT…]",
  positionals: { min: 1, max: Infinity },
  options: { sync: serviceSyncOptions, service: serviceOptions },
  details:
    "Writes the units that nodupe service print shows, and starts them. System services keep their store in /var/lib/nodupe and read /etc/nodupe/config.toml. time also gets a unit that sets the clock at boot, before services that wait for time-sync.target.",
  examples: [
    [
      "sudo nodupe service install sync /srv/cvs --api-key-file /etc/nodupe/api-key",
      "upload what is dropped there",
    ],
    ["sudo nodupe service install time", "keep the clock right, from boot on"],
    ["nodupe service install serve --user", "in your own session"],
  ],
  result: () => import("../../render/results/program.ts").then((module) => module.serviceInstallResult),
  exitCodes: {
    0: "installed and started",
    1: "the units were written but did not start, or systemd is not running",
    2: "usage error",
    5: "no permission to write the units (use sudo, or --user)",
  },
  run: async ({ options, positionals, terminal }) => {
    const plan = await servicePlan(positionals, options.service, options.sync.folder);
    refuseHomeProgram(plan);
    for (const file of Object.values(plan.secrets))
      if (file !== null && !existsSync(file))
        throw new Failure("usage", `there is no file ${file}, which the service needs`);
    const files = servicePapers(plan);
    if (!hasSystemd()) {
      await terminal.result(
        files
          .map(({ path, text }) => `# ${path}\n${text}`)
          .join("\n")
          .trimEnd(),
      );
      throw new Failure(
        "failed",
        "systemd is not running here, so nothing was installed; save each text above under the path in its first line",
      );
    }
    const names = files.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
    try {
      mkdirSync(unitFolder(plan.scope), { recursive: true });
      for (const { path, text } of files) writeFileSync(path, text, { mode: 0o644 });
    } catch (error) {
      if (codeOf(error) !== "EACCES" && codeOf(error) !== "EROFS" && codeOf(error) !== "EPERM") throw error;
      throw new Failure(
        "not-permitted",
        `cannot write to ${unitFolder(plan.scope)}: ${reasonOf(error)}; use sudo, or --user for a service of your own session`,
      );
    }
    await systemctl(plan.scope, ["daemon-reload"]);
    await systemctl(plan.scope, ["enable", ...names]);
    await startUnit(plan.scope, `nodupe-${plan.service}.service`);
    if (terminal.json) await terminal.resultJson({ units: names, scope: plan.scope });
    else
      await terminal.result(
        `${names.join(" and ")} installed and started; see: systemctl ${plan.scope === "user" ? "--user " : ""}status nodupe-${plan.service}`,
      );
    return 0;
  },
});
