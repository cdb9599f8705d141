import { storeOptions } from "../../db/options.ts";
import { command } from "../command-line/command.ts";
import { destinationOf, destinationOptions } from "../access/destination.ts";

/** The `--json` object. Its checksums are written as they are read. */
function* withDestination(destination: string, checksums: Iterable<string>): Generator<string> {
  yield `{"destination":${JSON.stringify(destination)},"checksums":`;
  yield* checksums;
  yield "}";
}

export const historyExport = command({
  name: "history export",
  purpose: "Prints what is uploaded, in the earlier client's history format.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: { store: storeOptions, sync: destinationOptions },
  examples: [
    ["nodupe history export > sync_history.json", "a JSON array of SHA-256 checksums"],
    ["nodupe history export --sandbox --json", "with the destination it belongs to"],
  ],
  result: () => import("../../render/results/uploads.ts").then((module) => module.historyExportResult),
  exitCodes: { 0: "printed", 2: "usage error, or there is no store yet" },
  run: async ({ options, terminal, openStore }) => {
    const { destinationId } = await import("../../upload/ledger/destination.ts");
    const { historyPieces } = await import("../../upload/history/earlier-history.ts");
    const { doneChecksums } = await import("../../upload/ledger/history.ts");
    const destination = destinationOf(options.sync);
    using store = await openStore({ readonly: true });
    const id = destinationId(store.db, destination);
    const pieces = historyPieces(id === null ? [] : doneChecksums(store.db, id));
    await terminal.resultInPieces(terminal.json ? withDestination(destination, pieces) : pieces);
    return 0;
  },
});
