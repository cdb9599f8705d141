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

/** Everything a run is given; nothing else reaches it from outside but files, the store and the client's network. */
export interface RunOptions {
  readonly store: Store;
  /** As `openRoot` gave it. */
  readonly root: string;
  /** Without it the whole tree, as it is now. */
  readonly source?: Source;
  readonly settings: SyncSettings;
  readonly limits: RunLimits;
  /** What history is kept under. */
  readonly destination: string;
  /** null: a dry run, which sends nothing. */
  readonly client: TanovaClient | null;
  /** Where machines share the destination's history; without it history is this store's alone. */
  readonly shared?: SharedStore | null;
  /** Whoever runs it holds the destination's lock for several runs. */
  readonly isLocked?: boolean;
  readonly startHashWorker: (() => Worker) | null;
  /** The process does other things as well: the engine compiles as usual. */
  readonly sharesProcess?: boolean;
  /** Asks the run to end. */
  readonly signal: AbortSignal;
  /** Told once, when the run begins: what tells how it stands whenever it is asked. */
  readonly onBegin: (stand: () => RunProgress) => void;
  /** Told what became of each file; null where nobody wants to know. */
  readonly onFile: ((event: FileEvent) => void) | null;
  /** Told what a dry run would send; null where nobody wants to know. */
  readonly onWouldSend?: ((path: string) => Promise<void>) | null;
  /** A thing that a person should know while it is at work. */
  readonly onNotice: (line: string) => void;
}

export interface RunOutcome {
  readonly tally: Tally;
  /** CVs in the tree; null where it was not counted to its end. */
  readonly found: number | null;
  readonly sentBytes: number;
  /** Its row in the store; null for a dry run. */
  readonly runId: number | null;
  /** Why the run ended early; null where it went to its end. */
  readonly stop: Stop | null;
  /** The same for scripts; null too where it was asked to end. */
  readonly error: SyncError | null;
}
