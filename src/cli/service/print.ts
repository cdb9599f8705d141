import { syncOptions } from "../../upload/options.ts";
import { command } from "../command-line/command.ts";
import { serviceOptions, servicePlan } from "./plan.ts";

/** The settings of [sync] that a service needs. */
export const serviceSyncOptions = { folder: syncOptions.folder } as const;

export const servicePrint = command({
  name: "service print",
  purpose: "Prints the units of a service, or what another init system needs.",
  usage: "sync|time|ingest|serve [ARGUMENT…]",
  positionals: { min: 1, max: Infinity },
  options: { sync: serviceSyncOptions, service: serviceOptions },
  details:
    "The arguments are the job's: a folder, a log, and its flags after --. Nothing is written. Without systemd it prints a script for OpenRC and a line for busybox init.",
  examples: [
    ["nodupe service print sync /srv/cvs", "the unit that uploads what is dropped into a folder"],
    ["nodupe service print ingest -- --node pi-1 /var/log/storagenode.log", "flags of the job follow --"],
  ],
  result: () => import("../../render/results/program.ts").then((module) => module.servicePrintResult),
  exitCodes: { 0: "printed", 2: "usage error" },
  run: async ({ options, positionals, terminal }) => {
    const { servicePapers } = await import("./files.ts");
    const plan = await servicePlan(positionals, options.service, options.sync.folder);
    const papers = servicePapers(plan);
    if (terminal.json) await terminal.resultJson({ files: papers.map(({ path, text }) => ({ path, text })) });
    else
      await terminal.result(
        papers
          .map(({ path, text }) => `# ${path}\n${text}`)
          .join("\n")
          .trimEnd(),
      );
    return 0;
  },
});
