import { isBusy } from "../../db/busy.ts";
import type { DestinationFact, Notice } from "../plan/actions.ts";
import type { Ending, Stop } from "../plan/stop.ts";
import { clocks, noticeText, unixOf } from "../report/notice-text.ts";
import type { Waiting } from "../report/progress.ts";
import type { RunTotals } from "../report/tally.ts";
import type { RunOptions } from "../run-options.ts";
import { type Destination, destinationRow, lockDestination } from "./destination.ts";
import { Ledger } from "./ledger.ts";
import { beginOutage, endOutage } from "./outage.ts";
import { beginRun, endRun, rememberFact } from "./run-record.ts";
import { shortBusyTimeout, storeGuard, StoreWait } from "./store-guard.ts";

type Options = Pick<
  RunOptions,
  "store" | "root" | "destination" | "client" | "isLocked" | "storeGuard" | "settings" | "onNotice"
>;

const LOCKED = "the store that another program has locked";

/** What a run has in the store: the lock on its destination, the destination's row, its own row, and the ledger. */
export class RunBook implements Disposable {
  readonly destination: Destination;
  /** null for a dry run, which has no row. */
  readonly runId: number | null;
  readonly ledger: Ledger;
  readonly #options: Options;
  readonly #storeWait: StoreWait;
  readonly #lockedUntilMs: () => number | null;
  readonly #held: DisposableStack;
  #isAway = false;

  private constructor(
    options: Options,
    of: Pick<RunBook, "destination" | "runId" | "ledger">,
    by: { storeWait: StoreWait; lockedUntilMs: () => number | null; held: DisposableStack },
  ) {
    this.#options = options;
    this.destination = of.destination;
    this.runId = of.runId;
    this.ledger = of.ledger;
    this.#storeWait = by.storeWait;
    this.#lockedUntilMs = by.lockedUntilMs;
    this.#held = by.held;
  }

  /**
   * Opens it; waits for a store that another program has locked.
   *
   * @param ending is stopped when the store can no longer be written.
   * @throws Busy if another process works on the same store and destination.
   */
  static async open(options: Options, ending: Ending): Promise<RunBook> {
    const { store, root, settings, client, onNotice } = options;
    using held = new DisposableStack();
    const isDryRun = client === null;
    if (!isDryRun && options.isLocked !== true) held.use(lockDestination(store.path, options.destination));
    held.use(shortBusyTimeout(store.db));
    let lockedUntilMs: number | null = null;
    const storeWait = new StoreWait({
      waitMs: settings.storeWait,
      onWaiting: (untilMs) => {
        lockedUntilMs = untilMs;
        if (untilMs !== null) onNotice(noticeText({ type: "store-locked", untilMs }, clocks()));
      },
    });
    const guard = options.storeGuard ?? storeGuard(store.path);
    const destination = await storeWait.retry(() => destinationRow(store.db, options.destination));
    const runId = isDryRun ? null : await storeWait.retry(() => beginRun(store.db, destination.id, root));
    const ledger = new Ledger(store.db, {
      destinationId: destination.id,
      runId: runId ?? 0,
      isIgnored: settings.checksum,
      onBroken: (error) => ending.end({ type: "broken", error }),
      guard,
      storeWait,
    });
    const by = { storeWait, lockedUntilMs: () => lockedUntilMs, held: held.move() };
    return new RunBook(options, { destination, runId, ledger }, by);
  }

  /** What the run is waiting for while another program has the store locked; null if none has. */
  get waiting(): Waiting | null {
    const untilMs = this.#lockedUntilMs();
    return untilMs === null ? null : { for: LOCKED, untilMs: unixOf(untilMs, clocks()) };
  }

  /** Stores what was learnt about the destination. */
  remember(fact: DestinationFact): void {
    this.#report(() => rememberFact(this.#options.store.db, this.destination.id, fact, Date.now()));
  }

  /** Stores, for `nodupe status`, what a notice says about the server. */
  noted(notice: Notice): void {
    if (notice.type === "away") this.#away(notice.reason, null);
    if (notice.type === "paused") this.#away(notice.reason, notice.untilMs);
    if (notice.type === "back") this.reached();
    this.#isAway = notice.type === "away" || (this.#isAway && notice.type !== "back");
  }

  /** The server accepts uploads, unless it has been away since. */
  reached(): void {
    const { id, outageSinceMs } = this.destination;
    if (outageSinceMs === null && !this.#isAway) return;
    this.#report(() => endOutage(this.#options.store.db, id, Date.now()));
  }

  /** @param untilRunMs on the run's clock. */
  #away(reason: string, untilRunMs: number | null): void {
    const { id } = this.destination;
    // The run's clock has fractions; the column holds whole milliseconds.
    const untilMs = untilRunMs === null ? null : Math.ceil(unixOf(untilRunMs, clocks()));
    this.#report(() => beginOutage(this.#options.store.db, id, { reason, untilMs }, Date.now()));
  }

  /** Does nothing if another program has locked the store: a run can do without what this writes. */
  #report(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }

  /**
   * Writes what is not written yet, and closes the run's row. Returns what prevented that, if anything.
   *
   * @param run.isWhole the run has seen the whole tree.
   * @param run.stop why it ends early; null if it does not.
   */
  async close(run: {
    readonly isWhole: boolean;
    readonly stop: Stop | null;
    readonly totals: RunTotals;
  }): Promise<Stop | null> {
    const { runId } = this;
    const { isWhole, stop, totals } = run;
    try {
      await this.ledger.settled();
      if (isWhole) await this.#storeWait.retry(() => this.ledger.prune());
      if (stop?.type === "unreachable" && stop.what === "server") this.#away(stop.reason, null);
      if (stop?.type === "rate-limited") this.#away(stop.reason, stop.untilMs);
      if (runId !== null) await this.#storeWait.retry(() => endRun(this.#options.store.db, runId, totals));
      return null;
    } catch (error) {
      return { type: "broken", error };
    }
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
