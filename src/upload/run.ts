import type { Store } from "../db/open.ts";
import { compileHardly, createCollector } from "../lib/engine.ts";
import { wait } from "../lib/wait.ts";
import { admit } from "./admit.ts";
import type { TanovaClient } from "./tanova/types.ts";
import { BufferPool } from "./buffer-pool.ts";
import { connect } from "./connect.ts";
import { type Breaker, createBreaker } from "./control/breaker.ts";
import type { Concurrency } from "./control/concurrency.ts";
import { countFiles } from "./count.ts";
import { Delivery } from "./delivery.ts";
import type { Stop } from "./delivery-options.ts";
import { destinationRow, lockDestination } from "./destination.ts";
import { dryRunSink } from "./dry-run.ts";
import { createHasher } from "./hash.ts";
import { Intake, type Sink } from "./intake.ts";
import { Ledger } from "./ledger.ts";
import { remainingWaitMs, type RetryPolicy } from "./next-step.ts";
import { beginRun, endRun, rememberBatchRefused } from "./run-record.ts";
import type { GlobFilter } from "./scan/filter.ts";
import { scan } from "./scan/scan.ts";
import { settleStrays } from "./strays.ts";
import { Tally } from "./tally.ts";
import { newWork } from "./work.ts";

/** Everything a run is given; nothing else reaches it from outside but files, the store and the client's network. */
export interface RunOptions {
  readonly store: Store;
  /** As `openRoot` gave it. */
  readonly root: string;
  readonly filter: GlobFilter;
  readonly destination: string;
  /** null: a dry run, which sends nothing. */
  readonly delivery: {
    readonly client: TanovaClient;
    readonly concurrency: Concurrency;
    readonly policy: RetryPolicy;
    readonly batchItems: number;
    /** How long the server may be away, once it was there, before the run gives up. */
    readonly outageWaitMs: number;
    readonly failuresToOpen: number;
  } | null;
  readonly retryFailed: boolean;
  readonly memoryBytes: number;
  readonly settleMs: number;
  readonly settleWaitMs: number;
  readonly startHashWorker: (() => Worker) | null;
  readonly hashWorkers: number;
  readonly hashWorkerFromBytes: number;
  readonly signal: AbortSignal;
  /** How long uploads in flight may go on once the signal has aborted. */
  readonly graceMs: number;
  /** Told after each step; `total` is null until the tree has been counted. */
  readonly onProgress: (tally: Tally, total: number | null) => void;
  /** A thing that a person should know while it is at work. */
  readonly onNotice: (line: string) => void;
}

export interface RunOutcome {
  readonly tally: Tally;
  readonly sentBytes: number;
  /** Its row in the store; null for a dry run. */
  readonly runId: number | null;
  /** Why the run ended early; null where it did not, or was asked to. */
  readonly stop: Stop | null;
}

/** The server refused batches: not tried again for so long. */
const BATCH_REFUSED_MS = 24 * 3_600_000;

/** Each upload leaves a little garbage: 25 MB more over 10,000 files than over 1,000 where it is let grow. */
const COLLECTION = { every: 250, fromGrowthBytes: 8 * 1024 ** 2 };

/** Gives up on a server that stays away; resolves false from `ready` then. */
function createGate(
  options: NonNullable<RunOptions["delivery"]>,
  onNotice: (line: string) => void,
): Pick<Breaker, "ready" | "success" | "failure"> {
  const { client, policy, outageWaitMs, failuresToOpen } = options;
  const givenUp = new AbortController();
  let away: AbortController | null = null;
  const breaker = createBreaker({
    failuresToOpen,
    probes: policy.backoff,
    random: policy.random,
    probe: async (signal) => (await client.health(signal)).type !== "unreachable",
    onChange: (openReason) => {
      away?.abort();
      away = null;
      if (openReason === null) {
        onNotice("the server answers again: going on");
        return;
      }
      onNotice(`the server does not take uploads now (${openReason}): waiting for it`);
      away = new AbortController();
      void wait(outageWaitMs, away.signal).then((passed) => {
        if (passed) givenUp.abort();
      });
    },
  });
  return {
    ready: (signal) => breaker.ready(AbortSignal.any([signal, givenUp.signal])),
    success: () => breaker.success(),
    failure: (reason) => breaker.failure(reason),
  };
}

/** Aborts a while after `signal` does, or after uploads were stopped for another reason. */
function createCut(signal: AbortSignal, graceMs: number): { signal: AbortSignal; start: () => void } {
  const cut = new AbortController();
  const start = (): void => {
    setTimeout(() => cut.abort(), graceMs).unref();
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return { signal: cut.signal, start };
}

/**
 * Uploads what is in a tree and not yet at its destination: scan → hash → dedupe → upload → record, all at once.
 *
 * @throws Failure failed where another process is at work on the same store and destination.
 */
export async function run(options: RunOptions): Promise<RunOutcome> {
  const { store, signal, delivery: plan, onNotice } = options;
  using _lock = plan === null ? null : lockDestination(store.path, options.destination);
  const destination = destinationRow(store.db, options.destination);
  const runId = plan === null ? null : beginRun(store.db, destination.id, options.root);
  const ledger = new Ledger(store.db, {
    destinationId: destination.id,
    runId: runId ?? 0,
    onBroken: (error) => delivery?.halt({ type: "broken", error }),
  });
  const tally = new Tally();
  const pool = new BufferPool(options.memoryBytes);
  using hasher = createHasher({
    startWorker: options.startHashWorker,
    maxWorkers: options.hashWorkers,
    workerFromBytes: options.hashWorkerFromBytes,
  });
  const cut = createCut(signal, options.graceMs);
  let stop: Stop | null = null;
  let total: number | null = null;
  let collect = createCollector(COLLECTION);
  const onProgress = (): void => options.onProgress(tally, total);

  const makeSink = (made: NonNullable<RunOptions["delivery"]>): { sink: Sink; delivery: Delivery } => {
    const delivery = new Delivery({
      ...made,
      ledger,
      tally,
      pool,
      breaker: createGate(made, onNotice),
      batchBytes: options.memoryBytes / 2,
      now: () => performance.now(),
      signal,
      cut: cut.signal,
      onProgress: () => {
        collect(1);
        onProgress();
      },
      onChanged: (file) => intake.takeAgain(file),
      onBatchRefused: () => rememberBatchRefused(store.db, destination.id, Date.now() + BATCH_REFUSED_MS),
      onStop: (why) => {
        stop = why;
        cut.start();
      },
    });
    let connecting: Promise<void> | null = null;
    const start = async (): Promise<void> => {
      compileHardly();
      collect = createCollector(COLLECTION);
      const connection = await connect(made.client, made.policy, signal);
      if (connection.type === "stopped") delivery.halt(connection.stop);
      if (connection.type !== "ready") return;
      const { batch, bulkCheck } = connection.health;
      const isRefused = (destination.batchRefusedUntilMs ?? 0) > Date.now();
      if (isRefused) made.client.withoutBatch();
      delivery.begin({ batch: batch !== null && !isRefused, bulkCheck: bulkCheck !== null });
      total = await countFiles(scan(options.root, options.filter), signal);
    };
    const sink: Sink = {
      admit: (checksum, file, bytes) => {
        const open = delivery.openWork(checksum);
        const admission = admit(open === undefined ? ledger.content(checksum) : null, {
          isInFlight: open !== undefined,
          runId: runId ?? 0,
          retryFailed: options.retryFailed,
        });
        if (open !== undefined) open.alternate ??= file;
        if (admission.type === "failed") ledger.seen(checksum);
        if (admission.type === "send") delivery.take(newWork(checksum, file, bytes), null);
        if (admission.type === "look") {
          if (bytes !== null) pool.give(bytes);
          const forMs = remainingWaitMs(admission.sentAtMs, Date.now(), made.policy.ambiguousWaitMs);
          delivery.take(newWork(checksum, file, null), forMs);
        }
        if (admission.type === "send" || admission.type === "look") connecting ??= start();
        return admission;
      },
      room: () => delivery.room(),
      get refusal() {
        return stop === null || stop.type === "broken" ? null : stop;
      },
    };
    return { sink, delivery };
  };

  const made = plan === null ? null : makeSink(plan);
  using delivery = made?.delivery ?? null;
  const sink =
    made?.sink ?? dryRunSink({ db: store.db, ledger, tally, pool, retryFailed: options.retryFailed });
  const intake: Intake = new Intake({
    events: scan(options.root, options.filter),
    ledger,
    tally,
    pool,
    hasher,
    sink,
    settleMs: options.settleMs,
    settleWaitMs: options.settleWaitMs,
    signal,
    onProgress,
    now: Date.now,
  });

  const isEnding = (): boolean => stop?.type === "broken" || signal.aborted;
  try {
    await intake.run();
    await delivery?.finish();
    while (intake.hasUnsettled && !isEnding()) {
      await intake.settle();
      await delivery?.finish();
    }
    if (plan !== null && delivery?.isBegun === true && stop === null && !signal.aborted)
      await settleStrays({ ledger, client: plan.client, policy: plan.policy, signal });
    ledger.flush();
    if (runId !== null) endRun(store.db, runId);
  } catch (error) {
    // The intake could not write: what is in flight is still recorded where that is possible.
    delivery?.halt({ type: "broken", error });
    await delivery?.finish();
    stop ??= { type: "broken", error };
  }
  return { tally, sentBytes: plan?.client.sentBytes ?? 0, runId, stop };
}
