import { defaultsOf } from "../../../src/settings/defaults.ts";
import type { Store } from "../../../src/db/open.ts";
import { RUN_LIMITS } from "../../../src/upload/limits.ts";
import { type SyncSettings, syncOptions } from "../../../src/upload/options.ts";
import type { RunOptions, RunOutcome } from "../../../src/upload/run-options.ts";
import { run } from "../../../src/upload/run.ts";
import type { Sandbox } from "../../../src/upload/sandbox/server.ts";
import { openRoot } from "../../../src/upload/scan/scan.ts";
import type { Tally } from "../../../src/upload/report/tally.ts";
import { startHashWorker } from "../../../src/workers.ts";
import { NEVER, testClient } from "./tanova.ts";

interface UploadRun {
  readonly store: Store;
  readonly folder: string;
  readonly server: Pick<Sandbox, "url" | "apiKey">;
}

interface Settings extends Partial<SyncSettings> {
  readonly signal?: AbortSignal;
  readonly onFile?: RunOptions["onFile"];
  /** Called when the root has been opened, before the run begins. */
  readonly onOpened?: () => void;
  /** How long uploads in flight may continue once the run is stopped. */
  readonly graceMs?: number;
}

/** An upload run in this process, with waits short enough for tests. */
export async function runUpload(test: UploadRun, given: Settings = {}): Promise<RunOutcome> {
  const { signal = NEVER, onFile = null, onOpened, graceMs = 50, ...changes } = given;
  using client = testClient(test.server);
  const waits = { retryDelay: 1, retryDelayMax: 5, ambiguousWait: 100, outageWait: 1_000, settle: 0 };
  const root = openRoot(test.folder);
  onOpened?.();
  return await run({
    store: test.store,
    root,
    settings: { ...defaultsOf(syncOptions), bulk: true, batchItems: 1, workers: 4, ...waits, ...changes },
    limits: { ...RUN_LIMITS, failuresToOpen: 1_000, settleWaitMs: 5_000, graceMs, hashWorkers: 1 },
    destination: test.server.url,
    client,
    startHashWorker,
    signal,
    onBegin: () => {},
    onFile,
    onNotice: () => {},
  });
}

export type Counts = Pick<Tally, "uploaded" | "duplicateLocal" | "duplicateRemote" | "retries"> & {
  readonly found: number | null;
  readonly failures: readonly string[];
};

/** How every CV ended; failures are grouped by reason. */
export function countsOf({ tally, found }: RunOutcome): Counts {
  const { uploaded, duplicateLocal, duplicateRemote, retries, failures } = tally;
  const reasons = failures.map(({ reason }) => reason);
  return { found, uploaded, duplicateLocal, duplicateRemote, retries, failures: reasons };
}
