import type { Store } from "../../src/db/open.ts";
import { createConcurrency } from "../../src/upload/control/concurrency.ts";
import { run, type RunOptions, type RunOutcome } from "../../src/upload/run.ts";
import type { Sandbox } from "../../src/upload/sandbox/server.ts";
import { globFilter } from "../../src/upload/scan/filter.ts";
import { openRoot } from "../../src/upload/scan/scan.ts";
import type { Tally } from "../../src/upload/tally.ts";
import { startHashWorker } from "../../src/workers.ts";
import { NEVER, testClient } from "./tanova.ts";

interface UploadRun {
  readonly store: Store;
  readonly folder: string;
  readonly server: Pick<Sandbox, "url" | "apiKey">;
}

interface Settings extends Partial<Omit<RunOptions, "delivery">> {
  /** Uploads at once. */
  readonly workers?: number;
  readonly batchItems?: number;
}

/** A run of the upload in this process, with waits that a test can wait for. */
export async function runUpload(test: UploadRun, settings: Settings = {}): Promise<RunOutcome> {
  const { workers = 4, batchItems = 1, ...changes } = settings;
  using client = testClient(test.server);
  return await run({
    store: test.store,
    root: openRoot(test.folder),
    filter: globFilter([], []),
    destination: test.server.url,
    delivery: {
      client,
      concurrency: createConcurrency({ type: "fixed", workers }),
      policy: {
        retries: 3,
        backoff: { baseMs: 1, maxMs: 5 },
        ambiguousWaitMs: 100,
        random: () => 0.5,
      },
      batchItems,
      outageWaitMs: 1_000,
      failuresToOpen: 1_000,
    },
    retryFailed: false,
    memoryBytes: 16 * 1024 * 1024,
    settleMs: 0,
    settleWaitMs: 5_000,
    startHashWorker,
    hashWorkers: 1,
    hashWorkerFromBytes: 1024 * 1024,
    signal: NEVER,
    graceMs: 50,
    onProgress: () => {},
    onNotice: () => {},
    ...changes,
  });
}

export type Counts = Pick<Tally, "found" | "uploaded" | "duplicateLocal" | "duplicateRemote" | "retries"> & {
  readonly failures: readonly string[];
};

/** How every CV ended; failures by their reasons. */
export function countsOf({ tally }: RunOutcome): Counts {
  const { found, uploaded, duplicateLocal, duplicateRemote, retries, failures } = tally;
  const reasons = failures.map(({ reason }) => reason);
  return { found, uploaded, duplicateLocal, duplicateRemote, retries, failures: reasons };
}
