import { Delayed } from "../lib/delayed.ts";
import { Linger } from "../lib/linger.ts";
import type { UploadOutcome } from "./tanova/types.ts";
import { AskAhead } from "./ask-ahead.ts";
import type { DeliveryOptions, Stop } from "./delivery-options.ts";
import { Lookout } from "./lookout.ts";
import { afterTransient, afterUpload, lookSpan, type NextStep } from "./next-step.ts";
import { nextUnit } from "./next-unit.ts";
import { OpenContents } from "./open-contents.ts";
import { send } from "./send.ts";
import { SendingRows } from "./sending-rows.ts";
import type { Work } from "./work.ts";

const READY_LIMIT = 256;
const DELAYED_LIMIT = 1_000;
/** A batch that is not full is sent after this long. */
const LINGER_MS = 25;
/** So many more than may be sent at once are booked: what a commit takes is made up for, and a kill leaves few in doubt. */
const BOOKED_AHEAD = 0.25;

/**
 * The last two stages, upload and record: takes contents in, sends each, retries, settles what is ambiguous, and
 * writes every step to the ledger before the next one is taken. At most one upload is in flight for a content.
 */
export class Delivery implements Disposable {
  readonly #options: DeliveryOptions;
  readonly #open: OpenContents;
  #ready: Work[] = [];
  readonly #retries: Delayed<Work>;
  readonly #lookout: Lookout;
  readonly #ask: AskAhead;
  readonly #rows: SendingRows;
  #active = 0;
  #isOpenForUploads = false;
  #isComplete = false;
  #stop: Stop | null = null;
  #batchItems: number;
  readonly #linger = new Linger(LINGER_MS, () => this.#changed(true));
  #onRoom: (() => void)[] = [];
  #onEnd: (() => void)[] = [];

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#batchItems = options.batchItems;
    this.#open = new OpenContents({ ...options, onSettled: options.onProgress });
    this.#retries = new Delayed({ now: options.now, onDue: (due) => this.#requeue(due) });
    this.#lookout = new Lookout({
      client: options.client,
      now: options.now,
      cut: options.cut,
      isEnding: () => this.#isEnding(),
      onThere: (work) => this.#guard(() => this.#open.uploaded(work)),
      onAbsent: (work) => this.#guard(() => this.#neverArrived(work)),
      onEnding: (work) => this.#giveUp(work),
      onRound: () => this.#changed(),
    });
    this.#ask = new AskAhead(options.client, options.cut, (works, there) => this.#answered(works, there));
    this.#rows = new SendingRows({
      ledger: options.ledger,
      onReady: () => this.#changed(),
      onBroken: (error) => this.halt({ type: "broken", error }),
    });
    options.signal.addEventListener("abort", () => this.#dropWaiting(), { once: true });
  }

  /** Begins to send: the server is known to be there. */
  begin(offers: { batch: boolean; bulkCheck: boolean }): void {
    this.#isOpenForUploads = true;
    if (!offers.batch) this.#batchItems = 1;
    this.#ask.begin(offers.bulkCheck);
    this.#changed();
  }

  get isBegun(): boolean {
    return this.#isOpenForUploads;
  }

  /** What is at work on a content in this run, if anything. */
  openWork(checksum: string): Work | undefined {
    return this.#open.get(checksum);
  }

  /** Takes a content in, to be sent, or looked for first (an upload of an earlier run that may be there). */
  take(work: Work, lookForMs: number | null): void {
    this.#open.add(work);
    if (this.#isEnding()) this.#giveUp(work);
    else if (lookForMs === null) this.#ready.push(work);
    else
      this.#lookout.add(work, lookSpan(this.#options.now(), lookForMs, this.#options.policy.ambiguousWaitMs));
    this.#changed();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#isFull()) {
      await new Promise<void>((resolve) => {
        this.#onRoom.push(resolve);
      });
    }
  }

  /** Nothing more will be taken in. Resolves when all is settled, or the run was stopped and nothing is in flight. */
  async finish(): Promise<void> {
    this.#isComplete = true;
    this.#changed();
    while (!this.#isOver()) {
      await new Promise<void>((resolve) => {
        this.#onEnd.push(resolve);
      });
    }
  }

  /** Sends nothing more: all that waits fails with the reason. */
  halt(stop: Stop): void {
    if (this.#stop !== null) return;
    this.#stop = stop;
    this.#options.onStop(stop);
    this.#dropWaiting();
  }

  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
    this.#linger[Symbol.dispose]();
    this.#retries.clear();
    this.#lookout.clear();
  }

  /** The run ends: what is not in flight is let go of, and so is its memory, which others may be waiting for. */
  #dropWaiting(): void {
    this.#withdraw(this.#rows.withdraw());
    const waiting = [...this.#ready.splice(0), ...this.#retries.clear(), ...this.#lookout.clear()];
    for (const work of waiting) this.#giveUp(work);
    this.#changed();
  }

  /** They were booked, and are not sent. */
  #withdraw(works: readonly Work[]): void {
    this.#rows.settled(works);
    for (const work of works) {
      if (this.#stop?.type !== "broken") this.#guard(() => this.#open.pending(work, work.last));
      this.#giveUp(work);
    }
  }

  #isEnding(): boolean {
    return this.#stop !== null || this.#options.signal.aborted;
  }

  #isFull(): boolean {
    if (this.#isEnding()) return false;
    return this.#ready.length >= READY_LIMIT || this.#retries.size + this.#lookout.waiting >= DELAYED_LIMIT;
  }

  #isOver(): boolean {
    if (this.#active > 0 || this.#rows.isCommitting || this.#lookout.isAsking) return false;
    return this.#isEnding() || (this.#isComplete && this.#open.size === 0);
  }

  /** Something has changed: sends what can be sent, wakes whoever waits. */
  #changed(isLingered = false): void {
    this.#pump(isLingered);
    if (!this.#isFull()) for (const resolve of this.#onRoom.splice(0)) resolve();
    if (this.#isOver()) for (const resolve of this.#onEnd.splice(0)) resolve();
  }

  #pump(isLingered: boolean): void {
    if (this.#isEnding()) {
      this.#withdraw(this.#rows.withdraw());
      return;
    }
    if (!this.#isOpenForUploads) return;
    const { concurrency, tally, batchBytes } = this.#options;
    this.#ask.consider(this.#ready);
    const bookable = concurrency.limit + Math.ceil(concurrency.limit * BOOKED_AHEAD);
    for (let taken = this.#active + this.#rows.ahead; taken < bookable; taken += 1) {
      const mayGoNow = taken === 0 || (isLingered && taken < concurrency.limit) || this.#isComplete;
      const batch = { items: this.#batchItems, bytes: batchBytes, mayWait: !mayGoNow };
      const unit = nextUnit(this.#ready, batch, this.#ask.isHot);
      if (unit.length === 0) break;
      this.#rows.book(unit);
    }
    while (this.#active < concurrency.limit) {
      const unit = this.#rows.take();
      if (unit === undefined) break;
      this.#active += 1;
      tally.workersPeak = Math.max(tally.workersPeak, this.#active);
      void concurrency.run(() => this.#deliver(unit));
    }
    if (this.#active <= concurrency.limit / 2) this.#rows.hurry();
    if (this.#ready.length > 0 && this.#batchItems > 1) this.#linger.begin();
  }

  /** Sends one unit and records what came of it; never throws. */
  async #deliver(unit: readonly Work[]): Promise<void> {
    const isReady = await this.#options.breaker.ready(this.#options.signal);
    if (!isReady && !this.#isEnding()) {
      this.halt({ type: "unreachable", status: null, reason: "the server stopped answering" });
    }
    try {
      if (this.#isEnding()) this.#withdraw(unit);
      else await this.#send(unit);
    } catch (error) {
      this.halt({ type: "broken", error });
    }
    this.#active -= 1;
    this.#changed();
  }

  async #send(works: readonly Work[]): Promise<void> {
    const { client, cut, tally, now, concurrency } = this.#options;
    for (const work of works) {
      work.attempts += 1;
      if (work.attempts > 1) tally.retries += 1;
    }
    const startedMs = now();
    const { outcomes, putBack, batches } = await send(works, {
      client,
      cut,
      onHandedOver: (work) => this.#open.release(work),
    });
    this.#rows.settled(works);
    if (batches?.type === "at-most") this.#batchItems = batches.items;
    if (batches?.type === "refused") {
      this.#batchItems = 1;
      this.#options.onBatchRefused();
    }
    this.#putBack(putBack);
    let isRejected = false;
    for (const work of works) {
      const outcome = outcomes.get(work.checksum);
      if (outcome === undefined) continue;
      this.#judge(outcome);
      isRejected ||= outcome.type === "transient" && outcome.status !== null;
      this.#record(work, outcome);
    }
    concurrency.record({ latencyMs: now() - startedMs, rejected: isRejected });
  }

  /** Certainly not stored, through no fault of theirs: first in line again, and no retry. */
  #putBack(works: readonly Work[]): void {
    for (const work of works) {
      work.attempts -= 1;
      if (work.attempts > 0) this.#options.tally.retries -= 1;
      this.#options.ledger.pending({ checksum: work.checksum, path: work.file.path }, work.last);
    }
    if (this.#isEnding()) for (const work of works) this.#giveUp(work);
    else this.#ready.unshift(...works);
  }

  #judge(outcome: UploadOutcome): void {
    const { breaker } = this.#options;
    const isFailure =
      outcome.type === "ambiguous" || (outcome.type === "transient" && outcome.status === null);
    if (isFailure) breaker.failure(outcome.reason);
    else breaker.success();
  }

  #record(work: Work, outcome: UploadOutcome): void {
    const { now, policy } = this.#options;
    if ("retryAfterMs" in outcome) work.last = outcome;
    if (outcome.type === "stored" || outcome.type === "duplicate")
      this.#ask.learn(outcome.type === "duplicate");
    const step = afterUpload(outcome, { ...work, nowMs: now() }, policy);
    switch (step.type) {
      case "done":
        if (step.as === "uploaded") this.#open.uploaded(work);
        else this.#open.known(work);
        return;
      case "look":
        this.#open.lost(work);
        if (this.#options.signal.aborted) this.#open.forget(work);
        else this.#lookout.add(work, step.span);
        return;
      case "stop":
        this.#open.failed(work, step, false);
        this.halt({ type: "unauthorized", status: step.status, reason: step.reason });
        return;
      case "unreadable":
        this.#open.pending(work, { ...step, status: null });
        this.#options.tally.fail(work.file.path, { ...step, status: null });
        this.#replace(work);
        return;
      case "changed":
        this.#open.pending(work, { ...step, status: null });
        this.#options.onChanged(work.file);
        this.#replace(work);
        return;
      case "retry":
      case "failed":
        this.#again(work, step);
    }
  }

  #again(work: Work, step: Extract<NextStep, { type: "retry" | "failed" }>): void {
    if (step.type === "failed") {
      this.#open.failed(work, step, step.isPermanent);
      return;
    }
    this.#open.pending(work, work.last);
    if (this.#isEnding()) this.#giveUp(work);
    else this.#retries.add(work, step.delayMs);
  }

  #requeue(due: readonly Work[]): void {
    this.#ready.unshift(...due);
    this.#changed();
  }

  #neverArrived(work: Work): void {
    if (work.attempts === 0) this.#ready.push(work);
    else this.#again(work, afterTransient(work.last, work.attempts, this.#options.policy));
  }

  /** What asking ahead told: those that the server has are done, unless they were taken up meanwhile. */
  #answered(works: readonly Work[], there: ReadonlySet<string> | null): void {
    for (const work of works) {
      if (there?.has(work.checksum) !== true) {
        work.asked = "absent";
        continue;
      }
      const at = this.#ready.indexOf(work);
      if (at < 0) continue;
      this.#ready.splice(at, 1);
      this.#guard(() => (work.isMaybeOurs ? this.#open.uploaded(work) : this.#open.known(work)));
    }
    this.#changed();
  }

  /** A store that cannot be written ends the run. */
  #guard(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.halt({ type: "broken", error });
    }
  }

  /** The run ends before the content could be sent. Interrupted it is left out of the count, else it has failed. */
  #giveUp(work: Work): void {
    const stop = this.#stop;
    if (stop === null || stop.type === "broken") this.#open.forget(work);
    else this.#open.notSent(work, { status: stop.status, reason: `not sent: ${stop.reason}` });
  }

  #replace(work: Work): void {
    if (!this.#open.replace(work)) return;
    if (this.#isEnding()) this.#giveUp(work);
    else this.#ready.push(work);
  }
}
