import { type Experiment, type Job, JOBS } from "./experiment.ts";

/** Each job's experiments, in display order; only those of the requested jobs are loaded. */
const LOADERS: Readonly<Record<Job, () => Promise<readonly Experiment[]>>> = {
  time: async () => {
    const [servers, names, files, codes] = await Promise.all([
      import("./cases/time-servers.ts"),
      import("./cases/time-names.ts"),
      import("./cases/time-files.ts"),
      import("./cases/time-codes.ts"),
    ]);
    const { deadServers, liveServers } = servers;
    return [
      deadServers,
      liveServers,
      names.nameLookup,
      files.trustedFileScan,
      codes.packetParsing,
      codes.fastDate64,
    ];
  },
  ingest: async () => {
    const [lines, memory] = await Promise.all([
      import("./cases/ingest-lines.ts"),
      import("./cases/ingest-memory.ts"),
    ]);
    return [lines.logLines, memory.ingestMemory];
  },
  compare: async () => (await import("./cases/compare.ts")).compareExperiments,
  sync: async () => {
    const [uploads, history, checksums, memory] = await Promise.all([
      import("./cases/sync-uploads.ts"),
      import("./cases/sync-history.ts"),
      import("./cases/sync-checksums.ts"),
      import("./cases/sync-memory.ts"),
    ]);
    return [
      uploads.uploads,
      uploads.uploadsAtOnce,
      history.historyCommits,
      checksums.checksumCache,
      memory.uploadMemory,
    ];
  },
};

/** The experiments of the jobs, in display order. */
export async function experimentsOf(jobs: readonly Job[]): Promise<Experiment[]> {
  const wanted = JOBS.filter((job) => jobs.includes(job));
  return (await Promise.all(wanted.map((job) => LOADERS[job]()))).flat();
}
