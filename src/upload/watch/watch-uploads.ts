import { backoffMs } from "../../lib/backoff.ts";
import { type CollectorOptions, createCollector } from "../../lib/engine.ts";
import { TaskGroup } from "../../lib/task-group.ts";
import { wait } from "../../lib/wait.ts";
import { destinationRow, lockDestination } from "../ledger/destination.ts";
import { hasPending } from "../ledger/history.ts";
import { shortBusyTimeout, storeGuard, StoreWait } from "../ledger/store-guard.ts";
import { clocks, noticeText } from "../report/notice-text.ts";
import type { RunOptions, RunOutcome } from "../run-options.ts";
import { run } from "../run.ts";
import { globFilter } from "../scan/filter.ts";
import { settleMs } from "../intake/settling.ts";
import { Rounds, watchRules } from "./rounds.ts";
import { TreeWatch, type WatchMode } from "./watch.ts";
import { WatchRecord } from "./watch-record.ts";

export interface WatchUploadsOptions extends Omit<RunOptions, "source" | "isLocked"> {
  /** Called at each change. */
  readonly onMode: (mode: WatchMode) => void;
  /** Called after the first run, and after each later run that did something. */
  readonly onRound: (outcome: RunOutcome) => Promise<void>;
}

/** How often a tree is rescanned if changes are not reported. */
const SCAN_EVERY_MS = 30_000;
/** Delays before retrying failed uploads or an unreachable server; each is twice the one before. */
const RETRY = { baseMs: 60_000, maxMs: 900_000 };
const AWAY = { baseMs: 5_000, maxMs: 60_000 };
/** Each of many small runs leaves too little garbage to collect; together they leave as much as one large run. */
const COLLECTION: CollectorOptions = { every: 250, fromGrowthBytes: 8 * 1024 ** 2, since: "start" };

function didSomething({ tally, stop }: RunOutcome): boolean {
  return tally.uploaded + tally.duplicateRemote + tally.failures.length > 0 || stop !== null;
}

/**
 * Uploads the files in a tree, and then those that appear or change, until asked to end or until waiting cannot help.
 * An unreachable server is waited for.
 */
export async function watchUploads(options: WatchUploadsOptions): Promise<RunOutcome | null> {
  const { store, root, settings, destination, signal, onMode, onRound, onNotice } = options;
  const guard = storeGuard(store.path);
  using _lock = lockDestination(store.path, destination);
  using _short = shortBusyTimeout(store.db);
  const storeWait = new StoreWait({
    waitMs: settings.storeWait,
    onWaiting: (untilMs) => {
      if (untilMs !== null) onNotice(noticeText({ type: "store-locked", untilMs }, clocks()));
    },
  });
  const { id } = await storeWait.retry(() => destinationRow(store.db, destination), signal);
  await using record = new WatchRecord(store.db, { destinationId: id, folder: root });
  const over = new AbortController();
  const watch = new TreeWatch({
    root,
    rules: watchRules(globFilter(settings.include, settings.exclude)),
    settleMs: settleMs(settings),
    rescanMs: settings.rescan,
    scanEveryMs: SCAN_EVERY_MS,
    // Ends the wait for the next arrival too, without which `arrivals` cannot be closed.
    signal: AbortSignal.any([signal, over.signal]),
    now: () => performance.now(),
    onMode: (mode) => {
      record.mode(mode);
      onMode(mode);
    },
  });
  const arrivals = watch.arrivals();
  const rounds = new Rounds({
    root,
    include: settings.include,
    exclude: settings.exclude,
    arrivals,
    touch: (path) => watch.touch(path),
    now: () => performance.now(),
  });
  const retries = new TaskGroup();
  let failed = 0;
  let away = 0;
  let isRetrying = false;
  let last: RunOutcome | null = null;
  const collect = createCollector(COLLECTION);

  /** Rescans the tree after a while, so that another run takes up what is left. */
  const retryLater = (): void => {
    if (isRetrying) return;
    isRetrying = true;
    const afterMs = backoffMs(RETRY, failed, Math.random) + RETRY.baseMs;
    failed += 1;
    const later = async (): Promise<void> => {
      const passed = await wait(afterMs, AbortSignal.any([signal, over.signal]));
      isRetrying = false;
      if (passed) watch.rescan("uploads that failed for a passing reason are tried again");
    };
    retries.add(later(), () => undefined);
  };

  try {
    for (let source = await rounds.next(); source !== null; source = await rounds.next()) {
      const outcome = await run({ ...options, source, isLocked: true, storeGuard: guard });
      if (last === null || didSomething(outcome)) await onRound(outcome);
      last = outcome;
      collect(outcome.tally.found);
      const { stop } = outcome;
      if (stop?.type === "unreachable" || stop?.type === "rate-limited") {
        onNotice(`${stop.reason}: waiting for the server`);
        const untilMs = stop.type === "rate-limited" ? stop.untilMs : null;
        const restMs = untilMs === null ? backoffMs(AWAY, away, Math.random) : untilMs - performance.now();
        await wait(AWAY.baseMs + restMs, signal);
        away += 1;
        watch.rescan("the server is tried again");
        continue;
      }
      if (stop !== null) break;
      away = 0;
      if (hasPending(store.db, id)) retryLater();
      else failed = 0;
    }
  } finally {
    over.abort();
    await arrivals.return(undefined);
    await retries.idle();
  }
  return last;
}
