import type { TanovaClient, UploadOutcome } from "./api/types.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { Breaker } from "./control/breaker.ts";
import type { Concurrency } from "./control/concurrency.ts";
import { AskAhead } from "./ask-ahead.ts";
import { Delayed } from "../lib/delayed.ts";
import { Semaphore } from "../lib/semaphore.ts";
import type { Ledger } from "./ledger.ts";
import { afterLook, afterTransient, afterUpload, type NextStep, type RetryPolicy } from "./next-step.ts";
import { nextUnit } from "./next-unit.ts";
import { readSmall } from "./read-small.ts";
import type { FoundFile } from "./scan/scan.ts";
import type { Tally } from "./tally.ts";
import { HELD_UP_TO_BYTES, uploadItem, type Work } from "./work.ts";

/** Why nothing more is sent. */
export type Stop =
  | { readonly type: "unauthorized"; readonly status: 401 | 403 | null; readonly reason: string }
  | { readonly type: "unreachable"; readonly status: number | null; readonly reason: string }
  /** The store cannot be written. */
  | { readonly type: "broken"; readonly error: unknown };

export interface DeliveryOptions {
  readonly client: TanovaClient;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly pool: BufferPool;
  readonly concurrency: Concurrency;
  readonly breaker: Pick<Breaker, "ready" | "success" | "failure">;
  readonly policy: RetryPolicy;
  /** Items a batch; 1: no batches. */
  readonly batchItems: number;
  readonly batchBytes: number;
  /** The run's clock, monotonic. */
  readonly now: () => number;
  /** Nothing new is begun once it aborts. */
  readonly signal: AbortSignal;
  /** What is in flight is cut once it aborts. */
  readonly cut: AbortSignal;
  readonly onProgress: () => void;
  /** The file is no longer what it was when it was hashed: take it in anew. */
  readonly onChanged: (file: FoundFile) => void;
  readonly onBatchRefused: () => void;
  readonly onStop: (stop: Stop) => void;
}

const READY_LIMIT = 256;
const DELAYED_LIMIT = 1_000;
const LOOKS_AT_ONCE = 4;
/** A batch that is not full is sent after this long. */
const LINGER_MS = 25;
const RENEW_MS = 5_000;

/**
 * The last two stages, upload and record: takes contents in, sends each, retries, settles what is ambiguous, and
 * writes every step to the ledger before the next one is taken. At most one upload is in flight for a content.
 */
export class Delivery implements Disposable {
  readonly #options: DeliveryOptions;
  /** Everything taken in and not yet settled, by checksum. */
  readonly #open = new Map<string, Work>();
  #ready: Work[] = [];
  readonly #retries: Delayed<Work>;
  readonly #lookers: Delayed<Work>;
  readonly #lookSlots = new Semaphore(LOOKS_AT_ONCE);
  readonly #ask: AskAhead;
  readonly #inFlight = new Set<Work>();
  #active = 0;
  #looking = 0;
  #isOpenForUploads = false;
  #isComplete = false;
  #stop: Stop | null = null;
  #batchItems: number;
  #linger: ReturnType<typeof setTimeout> | null = null;
  readonly #renewal: ReturnType<typeof setInterval>;
  #onRoom: (() => void)[] = [];
  #onEnd: (() => void)[] = [];

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#batchItems = options.batchItems;
    this.#retries = new Delayed({ now: options.now, onDue: (due) => this.#requeue(due) });
    this.#lookers = new Delayed({ now: options.now, onDue: (due) => void this.#look(due) });
    this.#ask = new AskAhead(options.client, options.cut, (works, there) => this.#answered(works, there));
    this.#renewal = setInterval(() => this.#renew(), RENEW_MS);
    options.signal.addEventListener("abort", () => this.#changed(), { once: true });
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
    this.#open.set(work.checksum, work);
    if (this.#stop !== null) this.#giveUp(work);
    else if (lookForMs === null) this.#ready.push(work);
    else this.#lookFor(work, this.#options.now() + lookForMs);
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
    const waiting = [...this.#ready.splice(0), ...this.#retries.clear(), ...this.#lookers.clear()];
    for (const work of waiting) this.#giveUp(work);
    this.#changed();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#renewal);
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#retries.clear();
    this.#lookers.clear();
  }

  #isEnding(): boolean {
    return this.#stop !== null || this.#options.signal.aborted;
  }

  #isFull(): boolean {
    if (this.#isEnding()) return false;
    return this.#ready.length >= READY_LIMIT || this.#retries.size + this.#lookers.size >= DELAYED_LIMIT;
  }

  #isOver(): boolean {
    return (
      this.#active + this.#looking === 0 && (this.#isEnding() || (this.#isComplete && this.#open.size === 0))
    );
  }

  /** Something has changed: sends what can be sent, wakes whoever waits. */
  #changed(isLingered = false): void {
    this.#pump(isLingered);
    if (!this.#isFull()) for (const resolve of this.#onRoom.splice(0)) resolve();
    if (this.#isOver()) for (const resolve of this.#onEnd.splice(0)) resolve();
  }

  #pump(isLingered: boolean): void {
    if (!this.#isOpenForUploads || this.#isEnding()) return;
    this.#ask.consider(this.#ready);
    while (this.#active < this.#options.concurrency.limit) {
      const mayWait = !isLingered && !this.#isComplete && this.#active > 0;
      const batch = { items: this.#batchItems, bytes: this.#options.batchBytes, mayWait };
      const unit = nextUnit(this.#ready, batch, this.#ask.isHot);
      if (unit.length === 0) break;
      this.#active += 1;
      this.#options.tally.workersPeak = Math.max(this.#options.tally.workersPeak, this.#active);
      void this.#options.concurrency.run(() => this.#deliver(unit));
    }
    if (this.#ready.length > 0 && this.#batchItems > 1 && this.#linger === null) {
      this.#linger = setTimeout(() => {
        this.#linger = null;
        this.#changed(true);
      }, LINGER_MS);
    }
  }

  /** Sends one unit and records what came of it; never throws. */
  async #deliver(unit: readonly Work[]): Promise<void> {
    try {
      const isReady = await this.#options.breaker.ready(this.#options.signal);
      if (!isReady && !this.#isEnding()) {
        this.halt({ type: "unreachable", status: null, reason: "the server stopped answering" });
      }
      const prepared: Work[] = [];
      for (const work of unit) if (await this.#prepare(work)) prepared.push(work);
      if (this.#isEnding()) for (const work of prepared) this.#giveUp(work);
      else if (prepared.length > 0) await this.#send(prepared);
    } catch (error) {
      this.halt({ type: "broken", error });
    }
    this.#active -= 1;
    this.#changed();
  }

  /** Has the content at hand again where it is small: it may have been let go of, and its file changed meanwhile. */
  async #prepare(work: Work): Promise<boolean> {
    const { file } = work;
    if (work.bytes !== null || file.sizeBytes > HELD_UP_TO_BYTES) return true;
    const small = await readSmall(file, this.#options.pool);
    if (small.type === "read" && small.checksum === work.checksum) {
      work.bytes = small.bytes;
      return true;
    }
    if (small.type === "read") this.#options.pool.give(small.bytes);
    if (small.type === "unreadable") {
      this.#options.tally.fail(file.path, { reason: small.reason, status: null });
    } else this.#options.onChanged(file);
    this.#replace(work);
    return false;
  }

  async #send(works: readonly Work[]): Promise<void> {
    const { ledger, tally, now, concurrency } = this.#options;
    ledger.sending(works.map(({ checksum, file }) => ({ checksum, path: file.path })));
    for (const work of works) {
      this.#inFlight.add(work);
      work.attempts += 1;
      if (work.attempts > 1) tally.retries += 1;
    }
    const startedMs = now();
    const [only] = works;
    const outcomes =
      works.length === 1 && only !== undefined
        ? new Map([[only.checksum, await this.#uploadOne(only)]])
        : await this.#uploadBatch(works);
    let isRejected = false;
    for (const work of works) {
      this.#inFlight.delete(work);
      const outcome = outcomes.get(work.checksum);
      if (outcome === undefined) continue;
      this.#judge(outcome);
      isRejected ||= outcome.type === "transient" && outcome.status !== null;
      this.#record(work, outcome);
    }
    concurrency.record({ latencyMs: now() - startedMs, rejected: isRejected });
  }

  /** A large file is asked for while it is being sent, and the sending cut where the server has it already. */
  async #uploadOne(work: Work): Promise<UploadOutcome> {
    const { client, cut } = this.#options;
    if (work.bytes !== null || work.asked === "absent") return client.upload(uploadItem(work), cut);
    const known = new AbortController();
    let isThere = false;
    const ended = new AbortController();
    void client.check(work.checksum, AbortSignal.any([cut, ended.signal])).then((found) => {
      isThere = found === "there" && !ended.signal.aborted;
      if (isThere) known.abort();
    });
    const outcome = await client.upload(uploadItem(work), AbortSignal.any([cut, known.signal]));
    ended.abort();
    return isThere && outcome.type !== "stored" ? { type: "duplicate" } : outcome;
  }

  /** Outcomes by checksum; a work that is missing was put back in line. */
  async #uploadBatch(works: readonly Work[]): Promise<ReadonlyMap<string, UploadOutcome>> {
    const outcome = await this.#options.client.uploadBatch(works.map(uploadItem), this.#options.cut);
    const all = (each: UploadOutcome): Map<string, UploadOutcome> =>
      new Map(works.map((work) => [work.checksum, each]));
    switch (outcome.type) {
      case "answered": {
        const silent = { status: null, reason: "the server said nothing about it", retryAfterMs: null };
        return new Map([...all({ type: "transient", ...silent }), ...outcome.results]);
      }
      case "not-offered":
        this.#batchItems = 1;
        this.#options.onBatchRefused();
        this.#putBack(works);
        return new Map();
      case "too-large":
        this.#batchItems = Math.max(1, Math.floor(works.length / 2));
        this.#putBack(works);
        return new Map();
      case "permanent":
        // One item of it may be what was refused: each by itself will tell.
        for (const work of works) work.isSingle = true;
        this.#putBack(works);
        return new Map();
      case "changed": {
        const { checksum, reason } = outcome;
        this.#putBack(works.filter((work) => work.checksum !== checksum));
        return new Map([[checksum, { type: "changed", reason }]]);
      }
      case "transient":
      case "ambiguous":
      case "unauthorized":
        return all(outcome);
    }
  }

  /** Certainly not stored, through no fault of theirs: first in line again, and no retry. */
  #putBack(works: readonly Work[]): void {
    for (const work of works) {
      this.#inFlight.delete(work);
      work.attempts -= 1;
      if (work.attempts > 0) this.#options.tally.retries -= 1;
      this.#options.ledger.pending(this.#content(work), work.last);
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

  #content(work: Work): { checksum: string; path: string } {
    return { checksum: work.checksum, path: work.file.path };
  }

  #record(work: Work, outcome: UploadOutcome): void {
    const { ledger, tally, now, policy, signal } = this.#options;
    if ("retryAfterMs" in outcome) work.last = outcome;
    if (outcome.type === "stored" || outcome.type === "duplicate")
      this.#ask.learn(outcome.type === "duplicate");
    const step = afterUpload(outcome, { ...work, nowMs: now() }, policy);
    switch (step.type) {
      case "done":
        ledger.done(this.#content(work), step.as === "uploaded" ? "upload" : "server");
        if (step.as === "uploaded") tally.uploaded += 1;
        else tally.duplicateRemote += 1;
        this.#close(work);
        return;
      case "look":
        ledger.renew([work.checksum]);
        work.isMaybeOurs = true;
        if (signal.aborted) this.#forget(work);
        else this.#lookFor(work, step.untilMs);
        return;
      case "stop":
        ledger.pending(this.#content(work), step);
        this.#fail(work, step);
        this.halt({ type: "unauthorized", status: step.status, reason: step.reason });
        return;
      case "changed":
        ledger.pending(this.#content(work), { status: null, reason: step.reason });
        this.#options.onChanged(work.file);
        this.#replace(work);
        return;
      case "retry":
      case "failed":
        this.#again(work, step);
    }
  }

  #again(work: Work, step: Extract<NextStep, { type: "retry" | "failed" }>): void {
    const { ledger } = this.#options;
    if (step.type === "failed") {
      if (step.isPermanent) ledger.failed(this.#content(work), step);
      else ledger.pending(this.#content(work), step);
      this.#fail(work, step);
      return;
    }
    ledger.pending(this.#content(work), work.last);
    this.#release(work);
    if (this.#isEnding()) this.#giveUp(work);
    else this.#retries.add(work, step.delayMs);
  }

  #requeue(due: readonly Work[]): void {
    this.#ready.unshift(...due);
    this.#changed();
  }

  #lookFor(work: Work, untilMs: number): void {
    this.#release(work);
    work.isMaybeOurs = true;
    work.looks = 0;
    work.lookUntilMs = untilMs;
    this.#lookers.add(work, 0);
  }

  /** Looks for uploads that got no answer; several are asked for in one call where the server offers it. */
  async #look(works: readonly Work[]): Promise<void> {
    const { client, cut } = this.#options;
    this.#looking += 1;
    const there =
      works.length > 1
        ? await client.checkMany(
            works.map(({ checksum }) => checksum),
            cut,
          )
        : null;
    await Promise.all(
      works.map(async (work) => {
        if (there !== null) return this.#looked(work, there.has(work.checksum) ? "there" : "absent");
        await this.#lookSlots.acquire();
        const found = this.#isEnding() ? "unknown" : await client.check(work.checksum, cut);
        this.#lookSlots.release();
        return this.#looked(work, found);
      }),
    );
    this.#looking -= 1;
    this.#changed();
  }

  #looked(work: Work, found: "there" | "absent" | "unknown"): void {
    const { ledger, tally, now, policy } = this.#options;
    try {
      work.looks += 1;
      const step = afterLook(found, work.looks, now(), work.lookUntilMs);
      if (step.type === "done") {
        ledger.done(this.#content(work), "upload");
        tally.uploaded += 1;
        this.#close(work);
      } else if (this.#isEnding()) this.#giveUp(work);
      else if (step.type === "again") this.#lookers.add(work, step.delayMs);
      else if (work.attempts === 0) this.#ready.push(work);
      else this.#again(work, afterTransient(work.last, work.attempts, policy));
    } catch (error) {
      this.halt({ type: "broken", error });
    }
  }

  /** What asking ahead told: those that the server has are done, unless they were taken up meanwhile. */
  #answered(works: readonly Work[], there: ReadonlySet<string> | null): void {
    try {
      for (const work of works) {
        if (there?.has(work.checksum) !== true) {
          work.asked = "absent";
          continue;
        }
        const at = this.#ready.indexOf(work);
        if (at < 0) continue;
        this.#ready.splice(at, 1);
        this.#options.ledger.done(this.#content(work), "server");
        this.#options.tally.duplicateRemote += 1;
        this.#close(work);
      }
    } catch (error) {
      this.halt({ type: "broken", error });
    }
    this.#changed();
  }

  #renew(): void {
    if (this.#inFlight.size === 0 || this.#stop?.type === "broken") return;
    try {
      this.#options.ledger.renew([...this.#inFlight].map(({ checksum }) => checksum));
    } catch (error) {
      this.halt({ type: "broken", error });
    }
  }

  #release(work: Work): void {
    if (work.bytes !== null) this.#options.pool.give(work.bytes);
    work.bytes = null;
  }

  #forget(work: Work): void {
    this.#release(work);
    this.#open.delete(work.checksum);
  }

  #close(work: Work): void {
    this.#forget(work);
    this.#options.onProgress();
  }

  #fail(work: Work, because: { reason: string; status: number | null }): void {
    this.#options.tally.fail(work.file.path, because);
    this.#close(work);
  }

  /** The run ends before the content could be sent. Interrupted it is left out of the count, else it has failed. */
  #giveUp(work: Work): void {
    const stop = this.#stop;
    if (stop === null || stop.type === "broken") this.#forget(work);
    else this.#fail(work, { status: stop.status, reason: `not sent: ${stop.reason}` });
  }

  /** A content's file is gone or changed: another file of the same content takes its place. */
  #replace(work: Work): void {
    this.#release(work);
    const { alternate } = work;
    if (alternate === null || this.#isEnding()) {
      this.#close(work);
      return;
    }
    work.file = alternate;
    work.alternate = null;
    this.#options.tally.duplicateLocal -= 1;
    this.#ready.push(work);
  }
}
