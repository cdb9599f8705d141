import { closeSync } from "node:fs";
import { toggle } from "../../settings/kind.ts";
import { option } from "../../settings/option.ts";
import { storeOptions } from "../../db/options.ts";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { openRegularFile } from "../../lib/read-file.ts";
import { HistoryFault, HistoryReader } from "../../upload/history/earlier-history.ts";
import type { ImportedHistory } from "../../upload/history/imported-history.ts";
import { command } from "../command-line/command.ts";
import { destinationOf, destinationOptions } from "../access/destination.ts";

/** @throws Failure because the file cannot be read. */
function refuseFile(file: string, error: unknown): never {
  if (error instanceof Failure) throw error;
  const code = codeOf(error);
  const isDenied = code === "EACCES" || code === "EPERM";
  throw new Failure(
    isDenied ? "not-permitted" : "usage",
    `the history ${file} cannot be read: ${isDenied ? "permission denied" : reasonOf(error)}`,
    { cause: error },
  );
}

/** Reads a file in pieces. */
async function* textOf(file: string): AsyncGenerator<string> {
  const descriptor = file === "-" ? 0 : openRegularFile(file);
  const decoder = new TextDecoder();
  try {
    for await (const bytes of Bun.file(descriptor).stream()) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } finally {
    if (descriptor !== 0) closeSync(descriptor);
  }
}

/**
 * Reads a file into the import.
 *
 * @throws if it is not a history, or cannot be read.
 */
async function readInto(history: ImportedHistory, file: string, signal: AbortSignal): Promise<void> {
  const reader = new HistoryReader();
  try {
    for await (const text of textOf(file)) {
      history.add(reader.push(text));
      signal.throwIfAborted();
    }
    reader.end();
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof HistoryFault)
      throw new Failure("usage", `${file} is not a history, nothing was imported: ${error.message}`);
    refuseFile(file, error);
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
  result: () => import("../../render/results/uploads.ts").then((module) => module.historyImportResult),
  exitCodes: {
    0: "imported",
    1: "a sync is at work",
    2: "usage error, or FILE is not a history",
    5: "FILE cannot be read",
  },
  run: async ({ options, positionals: [file = ""], terminal, signal, openStore }) => {
    const { destinationRow, lockDestination } = await import("../../upload/ledger/destination.ts");
    const { ImportedHistory } = await import("../../upload/history/imported-history.ts");
    const destination = destinationOf(options.sync);
    const { dryRun } = options.history;
    using history = new ImportedHistory();
    await readInto(history, file, signal);
    using store = await openStore();
    using _lock = lockDestination(store.path, destination);
    const { id } = destinationRow(store.db, destination);
    const { imported, known } = await history.takeOver(store.db, id, { nowMs: Date.now(), dryRun, signal });
    if (terminal.json) await terminal.resultJson({ destination, imported, known, dry_run: dryRun });
    else {
      const verb = dryRun ? "would be imported" : "imported";
      await terminal.result(`${imported} contents ${verb} for ${destination}; ${known} were known already.`);
    }
    return 0;
  },
});
