import { readFileSync } from "node:fs";
import { toggle } from "../../settings/kind.ts";
import { option } from "../../settings/option.ts";
import { storeOptions } from "../../db/options.ts";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { command } from "../command.ts";
import { destinationOf, destinationOptions } from "./destination.ts";

function readInput(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM")
      throw new Failure("not-permitted", `the history ${file} cannot be read: permission denied`);
    throw new Failure("usage", `the history ${file} cannot be read: ${reasonOf(error)}`);
  }
}

const importOptions = {
  dryRun: option(toggle, false, "say what would be imported, and write nothing", { scope: "flag" }),
} as const;

export const historyImport = command({
  name: "history import",
  purpose: "Imports an earlier client's history, so that nothing is sent again.",
  usage: "FILE",
  positionals: { min: 1, max: 1 },
  options: { store: storeOptions, sync: destinationOptions, history: importOptions },
  details:
    "FILE is a JSON array of SHA-256 checksums, such as ~/.tanova/sync_history.json; - is stdin. It is imported whole or not at all, for the server that --url (or the config) names. FILE is only read.",
  examples: [
    ["nodupe history import ~/.tanova/sync_history.json", "for the server of the config"],
    ["nodupe history import old.json --url https://tanova.example", "for another one"],
  ],
  resultKeys: ["destination", "imported", "known", "dry_run"],
  exitCodes: {
    0: "imported",
    1: "a sync is at work",
    2: "usage error, or FILE is not a history",
    5: "FILE cannot be read",
  },
  run: async ({ options, positionals: [file = ""], terminal, openStore }) => {
    const { destinationRow, lockDestination } = await import("../../upload/destination.ts");
    const { readEarlierHistory } = await import("../../upload/earlier-client.ts");
    const { importDone } = await import("../../upload/history.ts");
    const destination = destinationOf(options.sync);
    const history = readEarlierHistory(readInput(file));
    if (history.type === "refused") {
      throw new Failure(
        "usage",
        `${file} is not a history, nothing was imported: ${history.faults.join("; ")}`,
      );
    }
    const { dryRun } = options.history;
    using store = await openStore();
    using _lock = lockDestination(store.path, destination);
    const { id } = destinationRow(store.db, destination);
    const { imported, known } = importDone(store.db, id, history.value, { nowMs: Date.now(), dryRun });
    if (terminal.json) await terminal.resultJson({ destination, imported, known, dry_run: dryRun });
    else {
      const verb = dryRun ? "would be imported" : "imported";
      await terminal.result(`${imported} contents ${verb} for ${destination}; ${known} were known already.`);
    }
    return 0;
  },
});
