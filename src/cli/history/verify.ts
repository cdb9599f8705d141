import { storeOptions } from "../../db/options.ts";
import { Failure } from "../../lib/errors.ts";
import { formatCount } from "../../lib/format/count.ts";
import { syncOptions } from "../../upload/options.ts";
import type { Verified, VerifyOptions } from "../../upload/history/verify.ts";
import { command } from "../command-line/command.ts";
import { apiKeyOf } from "../access/api-key.ts";
import { clientOf, startOwnSandbox } from "../access/tanova-client.ts";
import { showProgress } from "../terminal/progress.ts";
import { destinationOf, destinationOptions } from "../access/destination.ts";

const { apiKey, apiKeyFile, caFile, connectTimeout, silenceTimeout, retries, retryDelay } = syncOptions;

/** @throws Failure that names the server. */
async function verifying(destination: string, options: VerifyOptions): Promise<Verified> {
  const { verifyDone } = await import("../../upload/history/verify.ts");
  try {
    return await verifyDone(options);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.kind, `${destination}: ${error.message}`, { cause: error });
  }
}

export const historyVerify = command({
  name: "history verify",
  purpose:
    "Asks the server about everything that is recorded as uploaded; what it does not have is sent again.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: {
    store: storeOptions,
    sync: {
      ...destinationOptions,
      apiKeyFile,
      apiKey,
      caFile,
      retries,
      retryDelay,
      connectTimeout,
      silenceTimeout,
    },
  },
  details:
    "Asks in bulk where the server offers that. A content that is missing on the server is pending again: the next sync sends it, if its file is still there.",
  examples: [
    ["nodupe history verify", "the configured server"],
    ["nodupe history verify --sandbox --json", "for a script"],
  ],
  result: () => import("../../render/results/uploads.ts").then((module) => module.historyVerifyResult),
  exitCodes: {
    0: "the server has all of it",
    1: "some are missing and pending again, or a sync is at work",
    2: "usage error",
    4: "the server cannot be reached",
    5: "the key was refused",
  },
  run: async ({ options: { sync }, origins, terminal, signal, environment, storePath, openStore }) => {
    const startedMs = performance.now();
    const { destinationRow, lockDestination } = await import("../../upload/ledger/destination.ts");
    const destination = destinationOf(sync);
    const key = sync.sandbox ? null : apiKeyOf(sync, origins.sync);
    if (key !== null && key.warning !== null) terminal.warn(key.warning);
    using store = await openStore();
    using _lock = lockDestination(store.path, destination);
    using sandbox = sync.sandbox ? await startOwnSandbox(storePath, true) : null;
    using client = await clientOf(
      { ...sync, bwlimit: null },
      environment,
      sandbox ?? { url: destination, apiKey: key?.key ?? "" },
    );
    let checked = 0;
    using progress = showProgress(terminal, () => ({
      done: checked,
      total: null,
      noun: "contents",
      bytes: 0,
      details: [],
      waiting: null,
    }));
    const verified = await verifying(destination, {
      db: store.db,
      destinationId: destinationRow(store.db, destination).id,
      client,
      signal,
      retries: sync.retries,
      retryDelayMs: sync.retryDelay,
      now: Date.now,
      onPage: (so) => (checked = so.checked),
    });
    progress.end();
    const { present, missing } = verified;
    const elapsed_s = (performance.now() - startedMs) / 1_000;
    if (terminal.json) await terminal.resultJson({ destination, ...verified, elapsed_s });
    else
      await terminal.result(
        `${formatCount(verified.checked)} contents of ${destination} checked: ${formatCount(present)} are there, ${formatCount(missing)} are missing${missing > 0 ? " and pending again" : ""}.`,
      );
    return missing > 0 ? 1 : 0;
  },
});
