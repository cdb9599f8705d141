import { closeSync } from "node:fs";
import { ingestOptions, type IngestSettings } from "../nodes/ingest/options.ts";
import { storeOptions } from "../db/options.ts";
import { Failure } from "../lib/errors.ts";
import { formatCount } from "../lib/format/count.ts";
import type { Progress } from "../lib/format/progress.ts";
import type { FilesResult } from "../nodes/ingest/ingest-run.ts";
import type { IngestCounts, Ingestion } from "../nodes/ingest/ingest.ts";
import type { AskedApi } from "../nodes/ingest/node-api.ts";
import type { IngestReport } from "../render/ingest.ts";
import { command, type ExitCode } from "./command.ts";
import { showProgress } from "./terminal/progress.ts";
import type { Terminal } from "./terminal/terminal.ts";

export const ingest = command({
  name: "ingest",
  purpose: "Reads storage-node logs into the store, each line once.",
  usage: "--node NAME [FILE…]",
  positionals: { min: 0, max: Infinity },
  options: { store: storeOptions, ingest: ingestOptions },
  details:
    "FILE is a log of any version and encoding, plain or compressed (gzip, zstd), behind docker's, compose's or syslog's prefix; - reads standard input. Reading the same lines again, from the same file grown, rotated or compressed, adds nothing.",
  examples: [
    ["nodupe ingest --node pi-1 /var/log/storagenode.log", "from where the last run stopped"],
    ["docker logs -t storagenode 2>&1 | nodupe ingest --node pi-1 -", "from a container"],
    [
      "nodupe ingest --node pi-1 --follow node.log --api http://127.0.0.1:14002",
      "stay on the log; ask the node too",
    ],
  ],
  resultKeys: [
    "node",
    "files",
    "lines",
    "events",
    "started",
    "facts",
    "known",
    "ignored",
    "malformed",
    "failures",
    "imported",
    "api",
    "pruned",
    "interrupted",
    "elapsed_s",
    "malformed_samples",
  ],
  exitCodes: {
    0: "all of it done",
    1: "a file could not be read to its end, or no piecestore line of it was understood",
    2: "usage error, or a file that cannot be used",
    5: "a file may not be read",
  },
  run: async (invocation): Promise<ExitCode> => {
    const { terminal, signal } = invocation;
    const given = invocation.options.ingest;
    const name = nodeNameOf(given.node);
    const paths = [...new Set(invocation.positionals)];
    checkInputs(given, paths);
    const [
      { openIngestion },
      { pruneEvents },
      { ingestJson, ingestText },
      { openDescriptor },
      { addCounts, createCounts },
      { openStore },
    ] = await Promise.all([
      import("../nodes/ingest/ingest-run.ts"),
      import("../nodes/ingest/retention.ts"),
      import("../render/ingest.ts"),
      import("../nodes/ingest/source.ts"),
      import("../nodes/ingest/ingest.ts"),
      import("../db/open.ts"),
    ]);
    // Every file is looked at before anything is done.
    for (const path of paths) if (path !== "-" && !given.follow) closeSync(openDescriptor(path));
    const startedMs = performance.now();
    using store = openStore({ path: invocation.storePath });
    using to = openIngestion(store.db, name, given);

    const elapsedS = (): number => (performance.now() - startedMs) / 1000;
    const reportOf = (done: Done): IngestReport => {
      const { malformedSamples, lines, events, started, facts, known, ignored, malformed } = done.counts;
      const sums = { lines, events, started, facts, known, ignored, malformed };
      const { files, failures, imported, api, pruned, interrupted } = done;
      return {
        node: name,
        files,
        ...sums,
        elapsedS: elapsedS(),
        malformedSamples,
        failures,
        imported,
        api,
        pruned,
        interrupted,
      };
    };
    const api = await askApis(given, to, signal);
    for (const { url, reason } of api)
      if (reason !== null) terminal.warn(`the API of ${name} at ${url}: ${reason}`);
    const imported = await importAll(given, to, { name, signal });
    const base = { imported, api: api.map(({ url, reachable, reason }) => ({ url, reachable, reason })) };
    if (given.follow) {
      const sum = createCounts();
      const emit = async (counts: IngestCounts, isLast: boolean): Promise<void> => {
        const all = createCounts();
        addCounts(all, sum);
        addCounts(all, counts);
        const report = reportOf({
          ...base,
          counts: all,
          files: 1,
          failures: [],
          pruned: 0,
          interrupted: isLast,
        });
        if (terminal.json) await terminal.resultJson(ingestJson(report));
        else if (isLast) await terminal.result(ingestText(report));
        else terminal.status(ingestText(report));
      };
      const { followFile } = await import("../nodes/ingest/follow.ts");
      await followFile(to, paths[0] ?? "", {
        signal,
        onChange: (counts) => emit(counts, false),
        onFile: (counts) => {
          addCounts(sum, counts);
          pruneEvents(store.db, to.node.id, given.eventRetention);
        },
      });
      await emit(createCounts(), true);
      return 0;
    }
    const result = await readFiles(paths, to, { signal, terminal });
    const pruned = pruneEvents(store.db, to.node.id, given.eventRetention);
    const report = reportOf({ ...base, ...result, pruned });
    if (terminal.json) await terminal.resultJson(ingestJson(report));
    else await terminal.result(ingestText(report));
    return endOf(result, terminal);
  },
});

interface Done extends FilesResult {
  readonly imported: number | null;
  readonly api: IngestReport["api"];
  readonly pruned: number;
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

async function askApis(
  given: IngestSettings,
  to: Ingestion,
  signal: AbortSignal,
): Promise<readonly AskedApi[]> {
  if (given.api.length === 0) return [];
  const { askNode, storeNodeApi } = await import("../nodes/ingest/node-api.ts");
  const asked = await Promise.all(given.api.map((url) => askNode(url, { signal })));
  for (const { answer } of asked) if (answer !== null) storeNodeApi(to.db, to.node.id, Date.now(), answer);
  return asked;
}

async function importAll(
  given: IngestSettings,
  to: Ingestion,
  how: { name: string; signal: AbortSignal },
): Promise<number | null> {
  if (given.from.length === 0) return null;
  const { importMonitor } = await import("../nodes/ingest/monitor-import.ts");
  let imported = 0;
  for (const path of given.from)
    imported += importMonitor(to, path, { node: how.name, signal: how.signal }).imported;
  return imported;
}

async function readFiles(
  paths: readonly string[],
  to: Ingestion,
  how: { signal: AbortSignal; terminal: Terminal },
): Promise<FilesResult> {
  const { ingestFiles } = await import("../nodes/ingest/ingest-run.ts");
  const { terminal } = how;
  let stand: IngestCounts | null = null;
  using progress = showProgress(terminal, () => ingestProgress(stand));
  const result = await ingestFiles(to, paths, {
    signal: how.signal,
    onProgress: (counts) => {
      stand = counts;
      progress.tick();
    },
    reasonOf: (error) => (error instanceof Failure && error.kind === "failed" ? error.message : null),
  });
  return result;
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

/** Says what went wrong, and ends with its code. */
function endOf({ counts, failures }: FilesResult, terminal: Terminal): ExitCode {
  for (const { reason } of failures) terminal.error(reason);
  if (counts.malformed > 0) {
    terminal.warn(`${counts.malformed} malformed lines, the first:`);
    for (const sample of counts.malformedSamples) terminal.warn(`  ${sample}`);
  }
  const understood = counts.events + counts.started + counts.facts + counts.known;
  if (counts.malformedOperations > 0 && understood === 0) {
    terminal.error(
      `none of the ${counts.malformedOperations} piecestore lines was understood: this is a log format that nodupe does not know; please report it with a few of its lines`,
    );
    return 1;
  }
  return failures.length > 0 ? 1 : 0;
}

function nodeNameOf(given: string | null): string {
  if (given === null)
    throw new Failure("usage", "no node named: expected --node NAME, the name you give this storage node");
  if (/[\p{Cc}=,]/u.test(given) || given.length > 64) {
    throw new Failure(
      "usage",
      `${JSON.stringify(given)} is no node name: expected up to 64 characters without = , or control characters`,
    );
  }
  return given;
}
