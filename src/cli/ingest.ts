import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { checkNodeName, type IngestSettings, ingestOptions } from "../nodes/ingest/options.ts";
import type { Store } from "../db/open.ts";
import { storeOptions } from "../db/options.ts";
import { Failure } from "../lib/errors.ts";
import { formatCount, plural } from "../lib/format/count.ts";
import type { Progress } from "../lib/format/progress.ts";
import { confine, TEMPORARY_FOLDERS } from "../lib/ffi/landlock.ts";
import { wait } from "../lib/wait.ts";
import type { IngestCounts } from "../nodes/ingest/counts.ts";
import type { FollowOptions } from "../nodes/ingest/follow.ts";
import type { FilesResult } from "../nodes/ingest/ingest-run.ts";
import type { Ingestion } from "../nodes/ingest/ingestion.ts";
import type { AskedApi } from "../nodes/ingest/node-api.ts";
import { ingestJson, type IngestReport, ingestText } from "../render/ingest.ts";
import { command, type ExitCode } from "./command-line/command.ts";
import { sourceLog } from "./ingest/source-log.ts";
import { showProgress } from "./terminal/progress.ts";
import type { Terminal } from "./terminal/terminal.ts";

export const ingest = command({
  name: "ingest",
  purpose: "Reads storage-node logs into the store, each line once.",
  usage: "--node NAME [FILE…]",
  positionals: { min: 0, max: Infinity },
  options: { store: storeOptions, ingest: ingestOptions },
  details:
    "FILE is a log of any version and encoding, plain or compressed (gzip, zstd), behind docker's, compose's or syslog's prefix; - reads standard input. Several files are read in the order of their first time stamps. Reading the same lines again, from the same file grown, rotated or compressed, adds nothing. An hour comes from the log or from storj_monitor, never from both: the log has precedence.",
  examples: [
    ["nodupe ingest --node pi-1 /var/log/storagenode.log", "continue where the last run stopped"],
    [
      "docker logs -ft storagenode 2>&1 | nodupe ingest --node pi-1 -",
      "from a container, for as long as it runs",
    ],
    [
      "nodupe ingest --node pi-1 --follow node.log --api http://127.0.0.1:14002",
      "keep reading the log; ask the node regularly",
    ],
  ],
  result: () => import("../render/results/nodes.ts").then((module) => module.ingestResult),
  exitCodes: {
    0: "all of it done",
    1: "a file could not be read to its end or was not understood, or the API gave no usable answer and nothing else was asked for",
    2: "usage error, or a file that cannot be used",
    4: "the API cannot be reached, and nothing else was asked for",
    5: "a file may not be read",
  },
  run: async (invocation): Promise<ExitCode> => {
    const { terminal, signal } = invocation;
    const given = invocation.options.ingest;
    const name = nodeNameOf(given.node);
    const paths = [...new Set(invocation.positionals)];
    checkInputs(given, paths);
    const [{ Ingestion }, { checkReadable }, { createCounts }] = await Promise.all([
      import("../nodes/ingest/ingestion.ts"),
      import("../nodes/ingest/source.ts"),
      import("../nodes/ingest/counts.ts"),
    ]);
    // All files are checked before anything is done. A file to follow may appear later.
    for (const path of paths) if (!given.follow || existsSync(path)) checkReadable(path);
    const startedMs = performance.now();
    using store = await invocation.openStore();
    // From here on untrusted input is read: it must not be able to change any file but the store.
    confine({
      // SQLite may have to write next to a database that another program has open.
      folders: [...TEMPORARY_FOLDERS, ...folderOf(store), ...given.from.map((path) => dirname(path))],
      network: given.api.length > 0,
    });
    const api = await askApis(store, given, { name, signal, terminal });
    const none: FilesResult = { counts: createCounts(), files: 0, failures: [], interrupted: false };
    const reportOf = (result: FilesResult, imported: number | null, pruned: number): IngestReport => {
      const { counts, ...rest } = result;
      const { malformedOperations: _operations, ...sums } = counts;
      const elapsedS = (performance.now() - startedMs) / 1000;
      const told = api.map(({ url, reachable, reason }) => ({ url, reachable, reason }));
      return { node: name, ...rest, ...sums, elapsedS, imported, api: told, pruned };
    };
    if (paths.length + given.from.length === 0) {
      await print(reportOf({ ...none, interrupted: signal.aborted }, null, 0), terminal);
      return endOfApis(api);
    }
    using to = new Ingestion(store.db, name, { ...given, onDamage: (line) => terminal.warn(line) });
    const imported = await importAll(given, to, { name, signal, terminal });
    const live = new AbortController();
    const asking = keepAsking(store, given, { name, signal: live.signal, terminal });
    try {
      const result = given.follow
        ? await follow(to, paths[0] ?? "", {
            signal,
            onSource: terminal.verbose ? sourceLog(terminal) : undefined,
            onChange: async (counts) => {
              const report = reportOf({ ...none, counts, files: 1 }, imported, to.pruned);
              if (terminal.json) await terminal.resultJson(ingestJson(report));
              else terminal.status(ingestText(report));
            },
          })
        : await readFiles(paths, to, { signal, terminal });
      await print(reportOf(result, imported, to.pruned), terminal);
      return endOf(result, terminal);
    } finally {
      live.abort();
      await asking;
    }
  },
});

/** The folder that the store and SQLite's files beside it are written to. */
function folderOf({ path }: Store): string[] {
  return path === ":memory:" ? [] : [dirname(path)];
}

interface Context {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

function checkInputs(given: IngestSettings, paths: readonly string[]): void {
  if (paths.length + given.api.length + given.from.length === 0) {
    throw new Failure(
      "usage",
      "nothing to ingest: expected a log FILE, - for standard input, --api URL or --from FILE",
    );
  }
  for (const url of given.api) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
      throw new Failure("usage", `--api ${url}: expected a URL such as http://127.0.0.1:14002`);
    }
  }
  if (given.follow && (paths.length !== 1 || paths[0] === "-")) {
    const found = paths[0] === "-" ? "standard input" : `${paths.length} files`;
    throw new Failure("usage", `--follow stays on one log file; found ${found}`);
  }
}

async function print(report: IngestReport, terminal: Terminal): Promise<void> {
  if (terminal.json) await terminal.resultJson(ingestJson(report));
  else await terminal.result(ingestText(report));
}

async function askApis(store: Store, given: IngestSettings, how: Context): Promise<AskedApi[]> {
  if (given.api.length === 0) return [];
  const { askAndStore } = await import("../nodes/ingest/node-api.ts");
  const asked = await askAndStore(store.db, how.name, given.api, how.signal);
  for (const { url, reason } of asked)
    if (reason !== null) how.terminal.warn(`the API of ${how.name} at ${url}: ${reason}`);
  return asked;
}

/** Asks the APIs regularly while a log is followed. A run over files ends long before the first time. */
async function keepAsking(store: Store, given: IngestSettings, how: Context): Promise<void> {
  if (given.api.length === 0) return;
  while (await wait(given.apiInterval, how.signal)) {
    try {
      await askApis(store, given, how);
    } catch (error) {
      // Only the log must not be lost: if the store is busy, the next answer is stored instead.
      how.terminal.warn(`what the API of ${how.name} told could not be stored: ${String(error)}`);
    }
  }
}

function endOfApis(asked: readonly AskedApi[]): ExitCode {
  if (asked.some(({ figures }) => figures !== null)) return 0;
  return asked.some(({ reachable }) => reachable) ? 1 : 4;
}

async function importAll(given: IngestSettings, to: Ingestion, how: Context): Promise<number | null> {
  if (given.from.length === 0) return null;
  const { importMonitor, MONITOR_LIMITS } = await import("../nodes/ingest/monitor-import.ts");
  let imported = 0;
  for (const path of given.from) {
    const result = await importMonitor(to, path, { node: how.name, signal: how.signal });
    imported += result.imported;
    const { known, covered, skipped } = result;
    if (known > 0)
      how.terminal.debug(`${path}: ${formatCount(known)} operations skipped (imported earlier)`, {
        event: "skipped",
        path,
        operations: known,
      });
    if (result.imported > 0) how.terminal.info(`${path}: ${MONITOR_LIMITS}`);
    if (covered > 0)
      how.terminal.info(
        `${path}: ${formatCount(covered)} operations skipped: the store has these hours from the log`,
      );
    if (skipped > 0) how.terminal.warn(`${path}: ${plural(skipped, "row")} could not be read`);
  }
  return imported;
}

async function follow(to: Ingestion, path: string, options: FollowOptions): Promise<FilesResult> {
  const { followFile } = await import("../nodes/ingest/follow.ts");
  return { counts: await followFile(to, path, options), files: 1, failures: [], interrupted: true };
}

async function readFiles(
  paths: readonly string[],
  to: Ingestion,
  how: { signal: AbortSignal; terminal: Terminal },
): Promise<FilesResult> {
  const { ingestFiles } = await import("../nodes/ingest/ingest-run.ts");
  const { inOrderOfTime } = await import("../nodes/ingest/first-time.ts");
  let stand: IngestCounts | null = null;
  using progress = showProgress(how.terminal, () => ingestProgress(stand));
  return await ingestFiles(to, await inOrderOfTime(paths), {
    signal: how.signal,
    onSource: how.terminal.verbose ? sourceLog(how.terminal) : undefined,
    onProgress: (counts) => {
      stand = counts;
      progress.tick();
    },
    reasonOf: (error) => (error instanceof Failure && error.kind === "failed" ? error.message : null),
  });
}

function ingestProgress(counts: IngestCounts | null): Progress {
  const events = counts?.events ?? 0;
  return {
    done: counts?.lines ?? 0,
    total: null,
    noun: "lines",
    bytes: null,
    details: events > 0 ? [`${formatCount(events)} new events`] : [],
    waiting: null,
  };
}

/** Reports what went wrong and returns the exit code. */
function endOf({ counts, failures }: FilesResult, terminal: Terminal): ExitCode {
  for (const { reason } of failures) terminal.error(reason);
  if (counts.malformed > 0) {
    terminal.warn(`${plural(counts.malformed, "malformed line")}, the first:`);
    for (const sample of counts.malformedSamples) terminal.warn(`  ${sample}`);
  }
  return failures.length > 0 ? 1 : 0;
}

function nodeNameOf(given: string | null): string {
  if (given === null)
    throw new Failure("usage", "no node named: expected --node NAME, the name you give this storage node");
  checkNodeName(given);
  return given;
}
