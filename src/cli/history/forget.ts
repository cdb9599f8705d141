import { toggle } from "../../settings/kind.ts";
import { option } from "../../settings/option.ts";
import { storeOptions } from "../../db/options.ts";
import { Failure } from "../../lib/errors.ts";
import { command } from "../command-line/command.ts";
import { confirm, confirmOptions } from "../terminal/confirm.ts";
import { destinationOf, destinationOptions } from "../access/destination.ts";

const PREFIX = /^[0-9a-f]{8,64}$/;

const forgetOptions = {
  all: option(toggle, false, "everything that was uploaded there; asks first", { scope: "flag" }),
  yes: { ...confirmOptions.yes, needs: "all" },
} as const;

export const historyForget = command({
  name: "history forget",
  purpose: "Forgets contents, so that the next sync sends them again.",
  usage: "[CHECKSUM… | --all]",
  positionals: { min: 0, max: Infinity },
  completes: "checksums",
  options: { store: storeOptions, sync: destinationOptions, history: forgetOptions },
  details:
    "CHECKSUM is a SHA-256, or its first 8 digits or more, as nodupe history list shows it. A server that has the content still refuses it as a duplicate.",
  examples: [
    ["nodupe history forget 3f79bb7b435b", "one content of the configured server"],
    ["nodupe history forget --all", "everything; asks first"],
    ["nodupe history forget --all --sandbox --yes", "in a script: start over with the sandbox"],
  ],
  result: () => import("../../render/results/uploads.ts").then((module) => module.historyForgetResult),
  exitCodes: {
    0: "forgotten",
    1: "declined, or a sync is at work",
    2: "usage error, no such content, or --all with no terminal to ask on and no --yes",
  },
  run: async ({ options, positionals, terminal, signal, openStore }) => {
    const { destinationRow, lockDestination } = await import("../../upload/ledger/destination.ts");
    const { forget, matchPrefix } = await import("../../upload/ledger/history.ts");
    const { all, yes } = options.history;
    if (all === positionals.length > 0)
      throw new Failure("usage", "name the contents to forget by their checksums, or all of them with --all");
    const destination = destinationOf(options.sync);
    if (all) {
      await confirm(
        `Forget everything that was uploaded to ${destination}? The next sync sends all of it again.`,
        { isConfirmed: yes, signal },
      );
    }
    using store = await openStore();
    using _lock = lockDestination(store.path, destination);
    const { id } = destinationRow(store.db, destination);
    const checksums = positionals.map((given) => {
      const prefix = given.toLowerCase();
      if (!PREFIX.test(prefix))
        throw new Failure("usage", `${JSON.stringify(given)} is no checksum; expected 8 to 64 hex digits`);
      const [first, second] = matchPrefix(store.db, id, prefix);
      if (first === undefined)
        throw new Failure("usage", `no content of ${destination} begins with ${given}`);
      if (second !== undefined)
        throw new Failure("usage", `several contents begin with ${given}; give more of its digits`);
      return first;
    });
    const forgotten = forget(store.db, id, all ? null : checksums);
    if (terminal.json) await terminal.resultJson({ destination, forgotten });
    else await terminal.result(`${forgotten} contents of ${destination} forgotten.`);
    return 0;
  },
});
