import { type Experiment, type Job, JOBS } from "./experiment.ts";

const LOADERS: Readonly<Record<Job, () => Promise<readonly Experiment[]>>> = {
  time: async () => (await import("./cases/time.ts")).timeExperiments,
  ingest: async () => (await import("./cases/ingest.ts")).ingestExperiments,
  compare: async () => (await import("./cases/compare.ts")).compareExperiments,
  sync: async () => (await import("./cases/sync.ts")).syncExperiments,
};

/** The experiments of the jobs, in the order that they are shown. */
export async function experimentsOf(jobs: readonly Job[]): Promise<Experiment[]> {
  const wanted = JOBS.filter((job) => jobs.includes(job));
  return (await Promise.all(wanted.map((job) => LOADERS[job]()))).flat();
}
