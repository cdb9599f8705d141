import type { Store } from "../db/open.ts";
import type { Source } from "./intake/source.ts";
import type { RunLimits } from "./limits.ts";
import type { SyncSettings } from "./options.ts";
import type { Stop } from "./plan/stop.ts";
import type { FileEvent, RunProgress } from "./report/progress.ts";
import type { SyncError } from "./report/sync-error.ts";
import type { Tally } from "./report/tally.ts";
import type { SharedStore } from "./shared/share-driver.ts";
import type { TanovaClient } from "./tanova/types.ts";

/** All inputs of a run, besides files, the store and the client's network. */
export interface RunOptions {
  readonly store: Store;
  /** The path that `openRoot` returned. */
  readonly root: string;
  /** By default the whole tree, as it is now. */
  readonly source?: Source;
  readonly settings: SyncSettings;
  readonly limits: RunLimits;
  /** The name under which history is kept. */
  readonly destination: string;
  /** null for a dry run, which sends nothing. */
  readonly client: TanovaClient | null;
  /** Where machines share the destination's history; by default it is only in this store. */
  readonly shared?: SharedStore | null;
  /** The caller holds the destination's lock, for several runs. */
  readonly isLocked?: boolean;
  /** Throws once the store was removed or replaced, for several runs on it; by default since the run began. */
  readonly storeGuard?: () => void;
  readonly startHashWorker: (() => Worker) | null;
  /** The process does other work as well: the engine compiles as usual. */
  readonly sharesProcess?: boolean;
  /** Count the tree while its first files are uploaded, which tells the progress what is still to come; by default yes. */
  readonly countsAhead?: boolean;
  /** Asks the run to end. */
  readonly signal: AbortSignal;
  /** Called once when the run begins, with a function that returns its current progress. */
  readonly onBegin: (stand: () => RunProgress) => void;
  /** Called with the result for each file; null if not wanted. */
  readonly onFile: ((event: FileEvent) => void) | null;
  /** Called with each path a dry run would send; null if not wanted. */
  readonly onWouldSend?: ((path: string) => Promise<void>) | null;
  /** Called with a line that the user should see while the run is in progress. */
  readonly onNotice: (line: string) => void;
}

export interface RunOutcome {
  readonly tally: Tally;
  /** CVs in the tree; null if it was not counted to its end. */
  readonly found: number | null;
  /** In this run. */
  readonly sentBytes: number;
  /** Why the run ended early; null if it was completed. */
  readonly stop: Stop | null;
  /** The same for scripts; also null if the run was asked to end. */
  readonly error: SyncError | null;
}
