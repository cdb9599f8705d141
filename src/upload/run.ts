import type { Store } from "../db/open.ts";
import { compileHardly, compileReluctantly } from "../lib/engine.ts";
import { formatCount } from "../lib/format/count.ts";
import { BufferPool } from "./intake/buffer-pool.ts";
import { TreeCounter } from "./intake/count.ts";
import { destinationRow, lockDestination } from "./ledger/destination.ts";
import { countContents } from "./dry-run.ts";
import { createHasher, worthHandingOverBytes } from "./intake/hash.ts";
import { Intake } from "./intake/intake.ts";
import { Ledger } from "./ledger/ledger.ts";
import type { RunLimits } from "./limits.ts";
import type { SyncSettings } from "./options.ts";
import { type Now, noticeText } from "./report/notice-text.ts";
import { planOptions } from "./plan-options.ts";
import type { DestinationFact } from "./plan/actions.ts";
import { endingOf, type Stop, stopOf } from "./plan/stop.ts";
import { UploadPlan } from "./plan/upload-plan.ts";
import type { FileEvent, RunProgress } from "./report/progress.ts";
import { beginRun, endRun, rememberFact } from "./ledger/run-record.ts";
import type { FoundFile } from "./scan/file-page.ts";
import type { SharingOptions } from "./plan/sharing/sharing.ts";
import { ShareDriver, type SharedStore } from "./shared/share-driver.ts";
import { ShareRecord } from "./shared/share-record.ts";
import { Settling } from "./intake/settling.ts";
import { type Source, type Standing, fileSource } from "./intake/source.ts";
import { shortBusyTimeout, storeGuard, StoreWait } from "./ledger/store-guard.ts";
import { errorOfStop, type SyncError } from "./report/sync-error.ts";
import { Tally } from "./report/tally.ts";
import type { TanovaClient } from "./tanova/types.ts";
import { Uploader } from "./uploader.ts";

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

/** How often claims on the shared history are prolonged: three times and a bit in a lease. */
const SHARE_RENEW_MS = 3_000;
const LOCKED = "the store that another program has locked";

/** A dry run settles everything as it comes. */
const AT_REST: Standing = { isIdle: true, idle: () => Promise.resolve() };

/**
 * Uploads what is in a tree and not yet at its destination: scan → hash → dedupe → upload → record, all at once.
 *
 * @throws Busy where another process is at work on the same store and destination.
 */
export async function run(options: RunOptions): Promise<RunOutcome> {
  const { store, root, settings, limits, client, onBegin, onNotice, onWouldSend = null } = options;
  const source = options.source ?? fileSource(root, settings, null);
  if (options.sharesProcess !== true) compileReluctantly();
  using _lock =
    client === null || options.isLocked === true ? null : lockDestination(store.path, options.destination);
  let storeUntilMs: number | null = null;
  const storeWait = new StoreWait({
    waitMs: settings.storeWait,
    onWaiting: (untilMs) => {
      storeUntilMs = untilMs;
      if (untilMs !== null) onNotice(noticeText({ type: "store-locked", untilMs }, clocks()));
    },
  });
  using _busy = shortBusyTimeout(store.db);
  const guard = storeGuard(store.path);
  const destination = await storeWait.retry(() => destinationRow(store.db, options.destination));
  const runId =
    client === null ? null : await storeWait.retry(() => beginRun(store.db, destination.id, root));
  using ending = endingOf(options.signal);
  const { signal } = ending;
  const tally = new Tally(options.onFile);
  const pool = new BufferPool(settings.memory);
  const settling = new Settling();
  const onBroken = (error: unknown): void => ending.end({ type: "broken", error });
  const ledger = new Ledger(store.db, {
    destinationId: destination.id,
    runId: runId ?? 0,
    isIgnored: settings.checksum,
    onBroken,
    guard,
    storeWait,
  });
  using hasher = createHasher({
    startWorker: options.startHashWorker,
    maxWorkers: limits.hashWorkers,
    workerFromBytes: settings.bulk && limits.isThreaded ? worthHandingOverBytes() : limits.hashInPlaceBytes,
  });
  const parts = { ledger, tally, pool, hasher, settling, settings, limits, signal };
  await using counter = new TreeCounter(source.whole, signal);
  await using intake = new Intake({ ...parts, waits: source.takeBack === null, now: Date.now });
  if (client === null) {
    onBegin(() => standOf(tally, { total: null, sentBytes: 0, inFlight: 0, waiting: null }));
    for await (const batch of source.batches(AT_REST))
      await countContents(intake.contents(batch), { ...parts, ...settings, db: store.db, onWouldSend });
    sayRenamed(intake, onNotice);
    return { tally, found: intake.found, sentBytes: 0, runId, ...endedBy(stopOf(signal)) };
  }

  const refusesBatches = (destination.batchRefusedUntilMs ?? 0) > Date.now();
  const refusesDuplicates = (destination.refusesDuplicatesUntilMs ?? 0) > Date.now();
  const share = shareOf(options, destination.id, runId ?? 0);
  const plan = new UploadPlan(
    planOptions(settings, limits, {
      id: runId ?? 0,
      refusesBatches,
      refusesDuplicates,
      sharing: share?.sharing ?? null,
    }),
  );
  const onFirst = (): void => {
    if (options.sharesProcess !== true) compileHardly();
    counter.begin();
  };
  const onFact = (fact: DestinationFact): void => rememberFact(store.db, destination.id, fact, Date.now());
  await using uploader = new Uploader({
    ...parts,
    plan,
    client,
    ending,
    share: share?.driver ?? null,
    onFirst,
    onNotice,
    onFact,
  });
  onBegin(() => {
    const { runMs, unixMs } = clocks();
    const stand = plan.stand(runMs, unixMs - runMs);
    const locked = storeUntilMs === null ? null : { for: LOCKED, untilMs: storeUntilMs + unixMs - runMs };
    const { total } = counter;
    return standOf(tally, { total, sentBytes: client.sentBytes, ...stand, waiting: locked ?? stand.waiting });
  });
  const takeBack =
    source.takeBack === null
      ? null
      : (file: FoundFile): void => {
          tally.found -= 1;
          source.takeBack?.(file);
        };
  try {
    for await (const batch of source.batches(uploader)) {
      for await (const content of intake.contents(batch)) await uploader.offer(content);
      settling.drain(takeBack);
    }
    await uploader.idle();
    // What has changed since it was read comes back, and may do so again.
    settling.drain(takeBack);
    while (settling.size > 0 && !intake.isEnding) {
      for await (const content of intake.settled()) await uploader.offer(content);
      await uploader.idle();
    }
  } catch (error) {
    onBroken(error);
  }
  await uploader.finish();
  if (plan.stop === null) share?.driver.allTold();
  sayRenamed(intake, onNotice);
  tally.workersPeak = plan.peak;
  const stop = (await close(storeWait, store, ledger, runId, intake.found !== null)) ?? stopOf(signal);
  const found = intake.found ?? counter.total;
  return { tally, found, sentBytes: client.sentBytes, runId, ...endedBy(stop) };
}

/** What a run needs to share its destination's history. */
function shareOf(
  { shared = null, store, destination, settings }: RunOptions,
  destinationId: number,
  runId: number,
): { readonly driver: ShareDriver; readonly sharing: SharingOptions } | null {
  if (shared === null) return null;
  const { link, waitMs } = shared;
  const record = new ShareRecord(store.db, destinationId, link.address);
  const { ambiguousWait: ambiguousWaitMs } = settings;
  return {
    driver: new ShareDriver({ store: shared, record, destination, runId, ambiguousWaitMs }),
    sharing: {
      address: link.address,
      renewMs: SHARE_RENEW_MS,
      waitMs,
      mustPublish: record.memory(runId).isBehind,
    },
  };
}

function endedBy(stop: Stop | null): Pick<RunOutcome, "stop" | "error"> {
  return { stop, error: errorOfStop(stop, clocks()) };
}

function standOf(
  { found, uploaded, duplicateLocal, duplicateRemote, failures }: Tally,
  rest: Pick<RunProgress, "total" | "sentBytes" | "inFlight" | "waiting">,
): RunProgress {
  return { found, uploaded, duplicateLocal, duplicateRemote, failed: failures.length, ...rest };
}

function sayRenamed({ renamed }: Intake, onNotice: (line: string) => void): void {
  if (renamed === 0) return;
  const files =
    renamed === 1 ? "1 file has a path that is" : `${formatCount(renamed)} files have paths that are`;
  onNotice(`${files} not valid UTF-8; what is not is sent as \uFFFD`);
}

/** Writes what is not written yet, and closes the run's row; what keeps it from that, if anything. */
async function close(
  storeWait: StoreWait,
  { db }: Store,
  ledger: Ledger,
  runId: number | null,
  isWhole: boolean,
): Promise<Stop | null> {
  try {
    await ledger.settled();
    if (isWhole) await storeWait.retry(() => ledger.prune());
    if (runId !== null) await storeWait.retry(() => endRun(db, runId));
    return null;
  } catch (error) {
    return { type: "broken", error };
  }
}

function clocks(): Now {
  return { runMs: performance.now(), unixMs: Date.now() };
}
