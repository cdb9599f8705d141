import { resolve } from "node:path";
import { existsSync } from "node:fs";
import { Failure } from "../../lib/errors.ts";
import { checkNodeName, ingestOptions } from "../../nodes/ingest/options.ts";
import type { Job } from "../../serve/jobs/jobs.ts";
import type { ServeSettings } from "../../serve/options.ts";
import type { SyncJob } from "../../serve/jobs/sync-job.ts";
import { settingsOnly, withDefaults } from "../../settings/defaults.ts";
import { systemClock } from "../../time/clock/system-clock.ts";
import { timeOptions } from "../../time/options.ts";
import { sharedOptions } from "../../upload/shared/options.ts";
import { syncOptions } from "../../upload/options.ts";
import { readCa } from "../access/certificates.ts";
import type { Link } from "../../redis/link.ts";
import { openSharedStore } from "../access/shared-store.ts";
import type { Invocation } from "../command-line/command.ts";

/** The timeout of the shared store: beyond this it is better to compute the answer here. */
const LINK_MS = 500;

/** The jobs' own sections as `nodupe serve` takes them: their settings, but not their flags. */
export const jobSections = {
  sync: settingsOnly(syncOptions),
  time: settingsOnly(timeOptions),
  ingest: settingsOnly(ingestOptions),
  shared: settingsOnly(sharedOptions),
} as const;

type Call = Invocation<typeof jobSections>;

export interface BoardJobs {
  readonly jobs: readonly Job[];
  readonly sync: SyncJob | null;
}

async function timeJobOf(call: Call): Promise<Job> {
  const [{ timeJob }, { openSession }] = await Promise.all([
    import("../../serve/jobs/time-job.ts"),
    import("../time/session.ts"),
  ]);
  const settings = withDefaults(timeOptions, call.options.time);
  const { terminal, openStore } = call;
  const origin = call.origins.time["server"] ?? { source: "default" };
  return timeJob({
    intervalMs: settings.interval,
    openSession: (signal) =>
      openSession(
        { settings, clock: systemClock(), isThorough: false, origin },
        { terminal, signal, openStore },
      ),
  });
}

async function syncJobOf(call: Call, folder: string): Promise<SyncJob> {
  const [{ syncJob }, { openRoot }, { apiKeyOf }, { destinationOf }, { clientOf }, { startHashWorker }] =
    await Promise.all([
      import("../../serve/jobs/sync-job.ts"),
      import("../../upload/scan/scan.ts"),
      import("../access/api-key.ts"),
      import("../access/destination.ts"),
      import("../access/tanova-client.ts"),
      import("../../workers.ts"),
    ]);
  const settings = { ...withDefaults(syncOptions, call.options.sync), watch: true };
  // Fails now, before anything is served, if the folder cannot be used.
  openRoot(folder);
  const unset = { source: "default", name: null } as const;
  const { apiKey: keyOrigin = unset, apiKeyFile: fileOrigin = unset } = call.origins.sync;
  const { key, warning } = apiKeyOf(settings, { apiKey: keyOrigin, apiKeyFile: fileOrigin });
  if (warning !== null) call.terminal.warn(warning);
  const destination = destinationOf(settings);
  return syncJob({
    folder,
    settings,
    destination,
    openStore: () => call.openStore(),
    openClient: () => clientOf(settings, call.environment, { url: destination, apiKey: key }),
    openShared: () =>
      openSharedStore(withDefaults(sharedOptions, call.options.shared), {
        origins: { shared: unset, sharedFile: unset, sharedWait: unset, ...call.origins.shared },
        caFile: settings.caFile,
        isWatching: true,
        onWarning: (line) => call.terminal.warn(line),
      }),
    startHashWorker,
    onNotice: (line) => call.terminal.warn(line),
  });
}

async function followJobsOf(call: Call, named: readonly string[]): Promise<Job[]> {
  const [{ followJob }, { checkReadable }] = await Promise.all([
    import("../../serve/jobs/follow-job.ts"),
    import("../../nodes/ingest/source.ts"),
  ]);
  const settings = withDefaults(ingestOptions, call.options.ingest);
  const logs = new Map<string, string>();
  for (const text of named) {
    const at = text.indexOf("=");
    const [node, log] = [text.slice(0, at), text.slice(at + 1)];
    if (at < 1 || log === "")
      throw new Failure("usage", `--follow ${text}: expected NODE=LOG, a node's name and its log`);
    checkNodeName(node);
    if (logs.has(node))
      throw new Failure("usage", `--follow: node ${node} is named twice; expected one log for it`);
    const path = resolve(log);
    // The log may appear later.
    if (existsSync(path)) checkReadable(path);
    logs.set(node, path);
  }
  return [...logs].map(([node, path]) =>
    followJob({ node, path, settings, openStore: () => call.openStore() }),
  );
}

/** The connection to the shared store of [shared], for comparisons; null if none is set. */
export async function comparisonLink(call: Call): Promise<Link | null> {
  const { shared: url } = withDefaults(sharedOptions, call.options.shared);
  if (url === null) return null;
  const { Link: SharedLink } = await import("../../redis/link.ts");
  const { caFile } = withDefaults(syncOptions, call.options.sync);
  return new SharedLink({ url, ca: readCa(caFile), timeoutMs: LINK_MS, isCache: true });
}

/**
 * The jobs that were asked for.
 *
 * @throws Failure if one cannot start.
 */
export async function boardJobs(
  call: Call,
  { time, sync: folder, follow }: Pick<ServeSettings, "time" | "sync" | "follow">,
): Promise<BoardJobs> {
  const jobs: Job[] = follow.length === 0 ? [] : await followJobsOf(call, follow);
  if (time) jobs.unshift(await timeJobOf(call));
  const sync = folder === null ? null : await syncJobOf(call, folder);
  return { jobs: sync === null ? jobs : [...jobs, sync], sync };
}
