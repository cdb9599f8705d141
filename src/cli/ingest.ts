import { ingestOptions } from "../config/sections/ingest.ts";
import { storeOptions } from "../config/sections/store.ts";
import { Failure } from "../lib/errors.ts";
import type { IngestReport } from "../render/ingest.ts";
import { command, type ExitCode } from "./command.ts";

const PROGRESS_MS = 250;
const PLAIN_PROGRESS_MS = 10_000;

export const ingest = command({
  name: "ingest",
  purpose: "Turns storage-node logs into the store: each line once, however often it is read.",
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
  exitCodes: {
    0: "all of it done",
    1: "a file could not be read to its end, or no piecestore line of it was understood",
    2: "usage error, or a file that cannot be used",
    5: "a file may not be read",
  },
  run: async (invocation): Promise<ExitCode> => {
    const { options, positionals, terminal, signal } = invocation;
    const { ingest: given } = options;
    const name = nodeNameOf(given.node);
    const paths = [...new Set(positionals)];
    if (paths.length + given.api.length + given.from.length === 0) {
      throw new Failure(
        "usage",
        "nothing to ingest: expected a log FILE, - for standard input, --api URL or --from FILE",
      );
    }
    if (given.follow && (paths.length !== 1 || paths[0] === "-")) {
      throw new Failure(
        "usage",
        `--follow stays on one log file; found ${paths.length === 1 ? "standard input" : `${paths.length} files`}`,
      );
    }
    const [
      { ingestFiles, openIngestion },
      { createCounts },
      { pruneEvents },
      { ingestJson, ingestText },
      { openDescriptor },
    ] = await Promise.all([
      import("../nodes/ingest-run.ts"),
      import("../nodes/ingest.ts"),
      import("../nodes/retention.ts"),
      import("../render/ingest.ts"),
      import("../nodes/source.ts"),
    ]);
    // Every file is looked at before anything is done.
    const { closeSync } = await import("node:fs");
    for (const path of paths) if (path !== "-") closeSync(openDescriptor(path));
    const startedMs = performance.now();
    using store = await invocation.openStore();
    using to = openIngestion(store.db, name, { openLimitMs: given.openLimit, maxOpen: given.maxOpen });

    let lastShown = startedMs;
    const interval = terminal.stderrIsTerminal ? PROGRESS_MS : PLAIN_PROGRESS_MS;
    const result = await ingestFiles(to, paths, {
      signal,
      onProgress: (counts) => {
        const now = performance.now();
        if (now - lastShown < interval) return;
        lastShown = now;
        const rate = Math.round(counts.lines / ((now - startedMs) / 1000));
        const line = `${name}: ${counts.lines} lines, ${counts.events} new events, ${rate} lines/s`;
        if (terminal.stderrIsTerminal) terminal.status(line);
        else terminal.info(line);
      },
      reasonOf: (error) => (error instanceof Failure && error.kind === "failed" ? error.message : null),
    });
    terminal.status(null);
    const pruned = pruneEvents(store.db, to.node.id, given.eventRetention);
    const counts = paths.length === 0 ? createCounts() : result.counts;
    const report: IngestReport = {
      node: name,
      files: result.files,
      lines: counts.lines,
      events: counts.events,
      started: counts.started,
      facts: counts.facts,
      known: counts.known,
      ignored: counts.ignored,
      malformed: counts.malformed,
      elapsedS: (performance.now() - startedMs) / 1000,
      malformedSamples: counts.malformedSamples,
      failures: result.failures,
      imported: null,
      api: [],
      pruned,
      interrupted: result.interrupted,
    };
    if (terminal.json) await terminal.resultJson(ingestJson(report));
    else await terminal.result(ingestText(report));
    for (const { reason } of result.failures) terminal.error(reason);
    if (counts.malformed > 0) {
      terminal.warn(`${counts.malformed} malformed lines, the first:`);
      for (const sample of counts.malformedSamples) terminal.warn(`  ${printable(sample)}`);
    }
    const understood = counts.events + counts.started + counts.facts + counts.known;
    if (counts.piecestore > 0 && understood === 0) {
      terminal.error(
        `none of the ${counts.piecestore} piecestore lines was understood: this is a log format that nodupe does not know; please report it with a few of its lines`,
      );
      return 1;
    }
    return result.failures.length > 0 ? 1 : 0;
  },
});

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

/** A log's bytes as a terminal may see them. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\u00b7");
}
