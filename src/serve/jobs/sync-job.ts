import type { Store } from "../../db/open.ts";
import { Failure } from "../../lib/errors.ts";
import { RUN_LIMITS } from "../../upload/limits.ts";
import type { SyncSettings } from "../../upload/options.ts";
import type { RunProgress } from "../../upload/report/progress.ts";
import type { SharedStore } from "../../upload/shared/share-driver.ts";
import { openRoot } from "../../upload/scan/scan.ts";
import type { TanovaClient } from "../../upload/tanova/types.ts";
import { watchUploads } from "../../upload/watch/watch-uploads.ts";
import type { Job } from "./jobs.ts";

export interface SyncJobOptions {
  readonly folder: string;
  readonly settings: SyncSettings;
  /** The key under which the history is stored. */
  readonly destination: string;
  readonly openStore: () => Promise<Store>;
  readonly openClient: () => Promise<TanovaClient>;
  /** Opens the history shared with other machines; null if none is. */
  readonly openShared: () => Promise<(SharedStore & Disposable) | null>;
  readonly startHashWorker: () => Worker;
  /** Called with a message for a person. */
  readonly onNotice: (line: string) => void;
}

/** A job that also reports the progress of its uploads. */
export interface SyncJob extends Job {
  readonly folder: string;
  /** null before the first run. */
  stand(): RunProgress | null;
}

/** Uploads a folder and watches it, as `nodupe sync --watch` does. */
export function syncJob(options: SyncJobOptions): SyncJob {
  const { folder, settings, destination, onNotice } = options;
  let stand: (() => RunProgress) | null = null;
  return {
    name: `sync ${folder}`,
    folder,
    stand: () => stand?.() ?? null,
    run: async (signal) => {
      const root = openRoot(folder);
      using store = await options.openStore();
      using shared = await options.openShared();
      using client = await options.openClient();
      const last = await watchUploads({
        store,
        root,
        settings,
        limits: RUN_LIMITS,
        destination,
        client,
        shared,
        sharesProcess: true,
        startHashWorker: options.startHashWorker,
        signal,
        onBegin: (told) => (stand = told),
        onFile: null,
        onNotice,
        onRound: () => Promise.resolve(),
        onMode: (mode) => {
          if (mode.type === "absent") onNotice(`${root} is not there: waiting for it to come back`);
          if (mode.type === "scanning") onNotice(`${root} is looked through every 30 s: ${mode.reason}`);
        },
      });
      const stop = last?.stop ?? null;
      if (stop?.type === "broken") throw stop.error;
      if (stop?.type === "unauthorized") throw new Failure("not-permitted", `${destination}: ${stop.reason}`);
    },
  };
}
