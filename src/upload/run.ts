import { countContents } from "./dry-run.ts";
import { EngineCare } from "./engine-care.ts";
import { TreeCounter } from "./intake/count.ts";
import { Intake } from "./intake/intake.ts";
import { fileSource } from "./intake/source.ts";
import { RunBook } from "./ledger/run-book.ts";
import { planOptions } from "./plan-options.ts";
import { endingOf, isCutShort, type Stop, stopOf } from "./plan/stop.ts";
import { UploadPlan } from "./plan/upload-plan.ts";
import { clocks, noticeText } from "./report/notice-text.ts";
import { errorOfStop } from "./report/sync-error.ts";
import { Tally } from "./report/tally.ts";
import type { RunOptions, RunOutcome } from "./run-options.ts";
import { runSharing } from "./run-sharing.ts";
import { Uploader } from "./uploader.ts";

/**
 * Uploads what is in a tree and not yet at its destination: scan → hash → dedupe → upload → record, all at once.
 *
 * @throws Busy if another process works on the same store and destination.
 */
export async function run(options: RunOptions): Promise<RunOutcome> {
  const {
    root,
    settings,
    client,
    destination,
    sharesProcess = false,
    countsAhead = true,
    onBegin,
    onNotice,
  } = options;
  const startedMs = performance.now();
  const sentBefore = client?.sentBytes ?? 0;
  const source = options.source ?? fileSource(root, settings, null);
  const engine = new EngineCare({ sharesProcess, isEndless: settings.watch });
  engine.begin();
  using ending = endingOf(options.signal);
  const { signal } = ending;
  using book = await RunBook.open(options, ending);
  const { ledger, runId } = book;
  const tally = new Tally(options.onFile);
  await using counter = new TreeCounter(source.whole, signal);
  await using intake = new Intake({
    ...options,
    engine,
    ledger,
    tally,
    signal,
    waits: source.takeBack === null,
  });
  const state = (broken: Stop | null): Pick<RunOutcome, "found" | "sentBytes" | "stop" | "error"> => {
    const stop = broken ?? stopOf(signal);
    const sentBytes = (client?.sentBytes ?? 0) - sentBefore;
    return { found: intake.found ?? counter.total, sentBytes, stop, error: errorOfStop(stop, clocks()) };
  };
  const end = (broken: Stop | null): RunOutcome => {
    if (intake.renamed > 0) onNotice(noticeText({ type: "renamed", files: intake.renamed }, clocks()));
    return { tally, ...state(broken) };
  };
  if (client === null) {
    onBegin(() => tally.progress({ total: null, sentBytes: 0, inFlight: 0, waiting: null }));
    await countContents(source, intake, { ...options, ...settings, ledger, tally });
    return end(null);
  }

  const share = runSharing(options, book.destination.id, runId ?? 0);
  const plan = new UploadPlan(planOptions(options, book, share?.sharing ?? null));
  await using uploader = new Uploader({
    plan,
    client,
    ledger,
    tally,
    pool: intake.pool,
    settling: intake.settling,
    ending,
    share: share?.driver ?? null,
    engine,
    onFirst: () => {
      engine.sending();
      if (countsAhead) counter.begin();
    },
    onNotice: (notice) => {
      book.noted(notice);
      onNotice(noticeText(notice, clocks()));
    },
    onReached: () => book.reached(),
    onFact: (fact) => book.remember(fact),
  });
  onBegin(() => {
    const { runMs, unixMs } = clocks();
    const stand = plan.stand(runMs, unixMs - runMs);
    const waiting = book.waiting ?? stand.waiting;
    return tally.progress({ total: counter.total, sentBytes: client.sentBytes, ...stand, waiting });
  });
  try {
    for await (const batch of source.batches(uploader)) {
      for await (const content of intake.contents(batch)) await uploader.offer(content);
      intake.handBack(source.takeBack);
    }
    await uploader.idle();
    // Files that have changed since they were read come back, possibly more than once.
    intake.handBack(source.takeBack);
    while (intake.settling.size > 0 && !intake.isEnding) {
      for await (const content of intake.settled()) await uploader.offer(content);
      await uploader.idle();
    }
  } catch (error) {
    ending.end({ type: "broken", error });
  }
  await uploader.finish();
  if (plan.stop === null) share?.driver.allTold();
  tally.workersPeak = plan.peak;
  const { stop, ...ended } = state(null);
  const totals = tally.totals({
    ...ended,
    elapsedS: (performance.now() - startedMs) / 1_000,
    interrupted: isCutShort(stop),
    dryRun: false,
    destination,
  });
  return end(await book.close({ isWhole: intake.found !== null, stop, totals }));
}
