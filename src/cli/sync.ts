import { readFileSync } from "node:fs";
import { foldLog } from "../db/log.ts";
import { storeOptions } from "../db/options.ts";
import { syncOptions } from "../upload/options.ts";
import { sharedOptions } from "../upload/shared/options.ts";
import { errorOfThrown } from "../upload/report/sync-error.ts";
import { Failure, reasonOf } from "../lib/errors.ts";
import { exitAtOnce } from "../lib/ffi/exit.ts";
import { dryRunNames } from "./sync/dry-run-names.ts";
import { clientOf, startOwnSandbox } from "./access/tanova-client.ts";
import type { ExitCode, Invocation } from "./command-line/command.ts";
import { command } from "./command-line/command.ts";
import { destinationOf } from "./access/destination.ts";
import { apiKeyOf } from "./access/api-key.ts";
import { showProgress } from "./terminal/progress.ts";
import { fileLog, syncProgress } from "./sync/progress.ts";
import { openSharedStore } from "./access/shared-store.ts";
import type { RunOptions } from "../upload/run-options.ts";
import type { RunProgress } from "../upload/report/progress.ts";

const OPTIONS = { store: storeOptions, sync: syncOptions, shared: sharedOptions } as const;
type Sync = Invocation<typeof OPTIONS>;

function readKey({ options: { sync }, origins, terminal }: Sync): string {
  const { key, warning } = apiKeyOf(sync, origins.sync);
  if (warning !== null) terminal.warn(warning);
  return key;
}

/** The files listed by --files-from, relative to the folder. */
async function listedFiles(
  { options: { sync } }: Sync,
  folder: string,
  root: string,
): Promise<readonly string[] | null> {
  const { filesFrom } = sync;
  if (filesFrom === null) return null;
  const { parseFileList, pathsBelow } = await import("../upload/scan/file-list.ts");
  try {
    return pathsBelow(
      [folder, root],
      parseFileList(readFileSync(filesFrom === "-" ? 0 : filesFrom), sync.nul),
    );
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("usage", `--files-from: ${filesFrom} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function runSync(call: Sync, startedMs: number): Promise<ExitCode> {
  const { terminal, signal, positionals } = call;
  const { sync } = call.options;
  const folder = positionals[0] ?? sync.folder;
  if (folder === null) {
    throw new Failure(
      "usage",
      "no folder given: name the one that holds the CVs (nodupe sync FOLDER), or set it as folder in [sync]",
    );
  }
  const [{ run }, { isCutShort }, { RUN_LIMITS }, { StoreWait }, { openRoot }, { fileSource }, render] =
    await Promise.all([
      import("../upload/run.ts"),
      import("../upload/plan/stop.ts"),
      import("../upload/limits.ts"),
      import("../upload/ledger/store-guard.ts"),
      import("../upload/scan/scan.ts"),
      import("../upload/intake/source.ts"),
      import("../render/sync.ts"),
    ]);
  const destination = destinationOf(sync);
  const apiKey = sync.sandbox || sync.dryRun ? "" : readKey(call);
  const elapsedS = (): number => (performance.now() - startedMs) / 1000;
  try {
    const root = openRoot(folder);
    const listed = await listedFiles(call, folder, root);
    const { startHashWorker } = await import("../workers.ts");
    const storeWait = new StoreWait({
      waitMs: sync.storeWait,
      onWaiting: (untilMs) => {
        if (untilMs !== null) terminal.warn("another program has locked the store; waiting for it");
      },
    });
    using store = await storeWait.retry(() => call.openStore(), signal);
    using shared = sync.dryRun
      ? null
      : await openSharedStore(call.options.shared, {
          origins: call.origins.shared,
          caFile: sync.caFile,
          isWatching: sync.watch,
          onWarning: (line) => terminal.warn(line),
        });
    using sandbox = sync.sandbox && !sync.dryRun ? await startOwnSandbox(call.storePath, sync.bulk) : null;
    const server = sandbox ?? { url: destination, apiKey };
    using client = sync.dryRun ? null : await clientOf(sync, call.environment, server);
    const names = sync.dryRun && !terminal.json ? dryRunNames(terminal) : null;
    let stand: (() => RunProgress) | null = null;
    // A watch runs for months: in a pipe, its results are enough.
    const isShown = !sync.watch || terminal.canRedraw;
    using progress = isShown
      ? showProgress(terminal, () => syncProgress(stand === null ? null : stand(), Date.now()))
      : null;
    const runOptions: RunOptions = {
      store,
      root,
      settings: sync,
      limits: RUN_LIMITS,
      destination,
      client,
      shared,
      ...(listed === null ? {} : { source: fileSource(root, sync, listed) }),
      startHashWorker,
      // With -q nobody sees the progress that the count is for, and it reads the whole tree a second time.
      countsAhead: !terminal.quiet,
      signal,
      onWouldSend: names === null ? null : (path) => names.add(path),
      onBegin: (told) => (stand = told),
      onFile: terminal.verbose ? fileLog(terminal) : null,
      onNotice: (line) => terminal.warn(line),
    };
    if (sync.watch) {
      const { watchSync } = await import("./sync/watch.ts");
      return await watchSync(call, runOptions, startedMs);
    }
    const outcome = await run(runOptions);
    progress?.end();
    await names?.flush();
    const { stop, error } = outcome;
    const result = render.syncResult(outcome.tally, {
      found: outcome.found,
      sentBytes: outcome.sentBytes,
      elapsedS: elapsedS(),
      interrupted: isCutShort(stop),
      error,
      dryRun: sync.dryRun,
      destination,
    });
    if (terminal.json) await terminal.resultJson(result);
    else await terminal.result(render.syncText(result));
    if (stop?.type === "broken") throw stop.error;
    if (error !== null) {
      terminal.error(`${destination}: ${render.stopText(error, result.pending)}`);
      return error.kind === "unauthorized" ? 5 : 4;
    }
    const isQuiet = result.uploaded + result.duplicate_remote + result.failed + result.pending === 0;
    if (isQuiet && sandbox === null && !signal.aborted) {
      // The last close of a store folds its log, with three syncs: a run that found nothing to do leaves that to others.
      foldLog(store);
      exitAtOnce(0);
    }
    return result.failed > 0 ? 1 : 0;
  } catch (error) {
    // The contract requires the whole object at every exit code but 2.
    const isUsage = error instanceof Failure && error.kind === "usage";
    if (terminal.json && !terminal.hasResult && !isUsage)
      await terminal.resultJson(
        render.unknownResult({
          elapsedS: elapsedS(),
          error: errorOfThrown(error),
          dryRun: sync.dryRun,
          destination,
        }),
      );
    throw error;
  }
}

export const sync = command({
  name: "sync",
  purpose: "Uploads the CVs of a folder to the Tanova API, each content exactly once.",
  usage: "[FOLDER]",
  positionals: { min: 0, max: 1 },
  options: OPTIONS,
  details:
    "Uploads .pdf, .docx, .doc, .txt and .md files in FOLDER and below. It remembers what was uploaded to each server, by content: run it again at any time, even after a kill, and only what is new is sent. The sandbox keeps what it received next to the store, so a second run finds it there.",
  examples: [
    ["nodupe sync --bulk --sandbox examples/cvs", "try it: no account, no network"],
    ["TANOVA_API_KEY=tanova_sk_… nodupe sync --bulk ~/CVs", "a mass import"],
    ["nodupe sync --watch /srv/cvs", "stay, and upload what is dropped there"],
    ["nodupe sync ~/CVs --dry-run --exclude 'old/**'", "what would be uploaded"],
    ["nodupe sync ~/CVs --files-from new.txt", "only the files that are listed there"],
    ["nodupe sync --watch --shared redis://10.0.0.5/0 /srv/cvs", "on each of several machines"],
  ],
  result: () => import("../render/results/uploads.ts").then((module) => module.syncResult),
  exitCodes: {
    0: "everything is uploaded, now or earlier",
    1: "some files failed, or another run is at work",
    2: "usage error, or there is no such folder",
    4: "the server, or the shared store, cannot be reached",
    5: "the key was refused, or the folder cannot be read",
  },
  run: (call) => runSync(call, performance.now()),
});
