import type { RunProgress } from "../progress.ts";
import type { BreakerOptions } from "../control/breaker.ts";
import type { HealthOutcome, UploadOutcome } from "../tanova/types.ts";
import type { PlanAction } from "./actions.ts";
import { Checks } from "./checks.ts";
import { admit } from "./dedupe.ts";
import type { CheckAnswer, PlanEvent, UnitAnswer } from "./events.ts";
import { lookSpan, remainingWaitMs } from "./in-doubt.ts";
import { Reachability } from "./reachability.ts";
import { afterUpload, isPressed, type NextStep, type RetryPolicy } from "./retry-policy.ts";
import { standOf } from "./stand.ts";
import type { Stop } from "./stop.ts";
import { Transitions } from "./transitions.ts";
import { unitOutcomes } from "./unit-outcomes.ts";
import { Units, type UnitsOptions } from "./units.ts";
import { newWork, type Work } from "./work.ts";
import type { Works } from "./works.ts";

/** What a run decides by. All times in milliseconds. */
export interface PlanOptions extends UnitsOptions, Pick<BreakerOptions, "failuresToOpen" | "outageWaitMs"> {
  readonly runId: number;
  readonly retryFailed: boolean;
  readonly retry: RetryPolicy;
  /** The destination has shown, within the last day, that it refuses what it has. */
  readonly refusesDuplicates: boolean;
  /** How long what is in flight may go on once nothing more is sent. */
  readonly graceMs: number;
}

/** Nothing more is taken in while so many are in line, or so many wait for a time. */
const LINE_LIMIT = 256;
const WAITING_LIMIT = 1_000;

/**
 * How contents get to the server, as a state: events go in, actions come out. It reads no clock, waits for nothing and
 * touches nothing; every decision of a run is made here. At most one upload is in flight for a content.
 */
export class UploadPlan {
  readonly #options: PlanOptions;
  readonly #go = new Transitions();
  readonly #checks: Checks;
  readonly #units: Units;
  readonly #server: Reachability;
  /** A 409 was confirmed in this run, or is being. */
  #isRefusalChecked = false;
  #isExhausted = false;
  /** What earlier runs left `sending` and this one has not come across: null before its turn. */
  #strays: "wanted" | "sought" | "told" | null = null;
  #cutAtMs = Infinity;
  #wakeAtMs = Infinity;

  constructor(options: PlanOptions) {
    this.#options = options;
    this.#checks = new Checks(this.#go, options.retry, options.refusesDuplicates);
    this.#units = new Units(this.#go, options);
    this.#server = new Reachability(this.#go, { ...options, ...options.retry });
  }

  /** All that is not settled. */
  get works(): Works {
    return this.#go.works;
  }

  /** Why nothing more is sent; null while the run goes on. */
  get stop(): Stop | null {
    return this.#go.stop;
  }

  /** Most uploads that were ever in flight at once. */
  get peak(): number {
    return this.#units.peak;
  }

  /** More may be offered. */
  get hasRoom(): boolean {
    if (this.stop !== null) return true;
    const waiting = this.works.in("backoff").size + this.works.in("in-doubt").size;
    return this.works.in("queued").size < LINE_LIMIT && waiting < WAITING_LIMIT;
  }

  /** All that was offered is settled, or the run was stopped and nothing is in flight. */
  get isIdle(): boolean {
    if (this.stop === null) return this.works.size === 0;
    const isBusy = this.works.in("reserving").size + this.works.in("sending").size > 0;
    return !isBusy && !this.#checks.isLooking;
  }

  /** Nothing is left to be done. */
  get isOver(): boolean {
    return this.isIdle && (this.stop !== null || this.#strays === "told") && !this.#checks.hasStrays;
  }

  /** How it stands, for those who watch; `originMs` makes Unix milliseconds of the run's clock. */
  stand(nowMs: number, originMs: number): Pick<RunProgress, "inFlight" | "waiting"> {
    return standOf(this.works, this.#server.untilMs(nowMs), originMs);
  }

  /** @param nowMs the run's clock, which never goes back. */
  on(event: PlanEvent, nowMs: number): PlanAction[] {
    this.#take(event, nowMs);
    this.#advance(nowMs);
    this.#setWake(nowMs);
    return this.#go.take();
  }

  #take(event: PlanEvent, nowMs: number): void {
    switch (event.type) {
      case "offered":
        this.#offered(event, nowMs);
        return;
      case "exhausted":
        this.#isExhausted = true;
        return;
      case "finished":
        this.#strays ??= this.#server.isOpen ? "wanted" : "told";
        return;
      case "strays":
        this.#strays = "told";
        if (this.stop === null) this.#checks.find(event.strays);
        return;
      case "connected":
        this.#connected(event.outcome, nowMs);
        return;
      case "reserved":
        if (event.error === undefined) this.#units.written(event.unit);
        else {
          this.#halt({ type: "broken", error: event.error }, nowMs);
          this.#units.unwritten(event.unit);
        }
        return;
      case "answered":
        this.#answered(event.unit, event.answer, nowMs);
        return;
      case "checked":
        this.#checked(event.check, event.answer, nowMs);
        return;
      case "measured":
        this.#units.measured(event.starved);
        return;
      case "tick":
        this.#wakeAtMs = Infinity;
        return;
      case "stopped":
        this.#halt(event.stop, nowMs);
    }
  }

  #offered(event: Extract<PlanEvent, { type: "offered" }>, nowMs: number): void {
    const { checksum, file, standing, sentAgoMs } = event;
    const { runId, retryFailed, retry } = this.#options;
    const open = this.works.get(checksum);
    const admission = admit(standing, { isInFlight: open !== undefined, runId, retryFailed });
    if (admission.type === "duplicate") {
      if (open !== undefined && open.alternate === null) open.alternate = file;
      else this.#go.want({ type: "decline", file, checksum, as: "duplicate" });
      return;
    }
    if (admission.type === "failed") {
      this.#go.want({ type: "decline", file, checksum, as: admission });
      return;
    }
    const forMs = remainingWaitMs(sentAgoMs ?? 0, retry.ambiguousWaitMs);
    const span = lookSpan(nowMs, forMs, retry.ambiguousWaitMs);
    const state =
      admission.type === "send"
        ? ({ type: "queued" } as const)
        : ({ ...admission, type: "in-doubt", span, looks: 0, unanswered: 0, lookAtMs: nowMs } as const);
    const work = newWork(checksum, file, state);
    this.works.add(work);
    if (this.stop !== null) this.#go.giveUp(work);
  }

  #connected(outcome: HealthOutcome, nowMs: number): void {
    if (this.stop !== null) return;
    const told = this.#server.connected(outcome, nowMs);
    if (told === null) return;
    if ("type" in told) {
      this.#halt(told, nowMs);
      return;
    }
    if (told.batch === null) this.#units.limitBatch(1);
    this.#checks.begin(told.bulkCheck !== null);
  }

  #checked(id: number, answer: CheckAnswer, nowMs: number): void {
    for (const silence of this.#checks.answered(id, answer, nowMs)) {
      if (this.stop !== null) return;
      if (isPressed(silence.status)) this.#units.pressed();
      const { stop } = this.#server.unanswered(silence, nowMs);
      if (stop !== null) this.#halt(stop, nowMs);
    }
  }

  #answered(id: number, answer: UnitAnswer, nowMs: number): void {
    const { works, latencyMs } = this.#units.answered(id, nowMs);
    const { outcomes, putBack, batches } = unitOutcomes(works, answer);
    const rejected = outcomes.some(([, outcome]) => "status" in outcome && isPressed(outcome.status));
    this.#units.learn({ latencyMs, rejected });
    if (batches?.type === "at-most") this.#units.limitBatch(batches.items);
    if (batches?.type === "refused" && this.#units.takesBatches) {
      this.#units.limitBatch(1);
      this.#go.want({ type: "remember", fact: { type: "refuses-batches" } });
    }
    for (const work of putBack) this.#go.putBack(work, work.last);
    for (const [work, outcome] of outcomes) {
      const { isOwnFault, stop } = this.#server.judge(work.checksum, outcome, nowMs);
      this.#record(work, outcome, isOwnFault);
      this.#follow(
        work,
        afterUpload(outcome, { attempts: work.attempts, isOwnFault }, this.#options.retry),
        nowMs,
      );
      if (stop !== null) this.#halt(stop, nowMs);
    }
  }

  /** Counts an upload of a content, and keeps why it is not stored. */
  #record(work: Work, outcome: UploadOutcome, isOwnFault: boolean): void {
    work.sent += 1;
    if (work.sent > 1) this.#go.want({ type: "retried" });
    const isFree =
      outcome.type === "misplaced" || (outcome.type === "transient" && isPressed(outcome.status));
    if (!isFree || isOwnFault) work.attempts += 1;
    if ("reason" in outcome)
      work.last = { status: "status" in outcome ? outcome.status : null, reason: outcome.reason };
    if (outcome.type === "stored" || outcome.type === "duplicate")
      this.#checks.first.learn(outcome.type === "duplicate");
  }

  #follow(work: Work, step: NextStep, nowMs: number): void {
    const { ambiguousWaitMs } = this.#options.retry;
    switch (step.type) {
      case "uploaded":
        this.#go.settle(work, step);
        return;
      case "said-to-be-there":
        this.#saidToBeThere(work, nowMs);
        return;
      case "look":
        this.#go.doubt(work, step.why, work.last, lookSpan(nowMs, ambiguousWaitMs, ambiguousWaitMs), nowMs);
        return;
      case "press":
      case "away":
        this.#go.putBack(work, work.last);
        return;
      case "forbidden":
        this.#server.forbid(work, step.because);
        return;
      case "stop":
        this.#go.settle(work, { type: "failed", because: step });
        this.#halt({ ...step, type: "unauthorized" }, nowMs);
        return;
      case "unreadable":
        this.#go.want({ type: "fail", file: work.file, because: { status: null, reason: step.reason } });
        this.#go.replaceFile(work, { status: null, reason: step.reason });
        return;
      case "changed":
        this.#go.want({ type: "recheck", file: work.file });
        this.#go.replaceFile(work, { status: null, reason: step.reason });
        return;
      case "failed":
      case "refused":
        this.#go.settle(work, step);
        return;
      case "retry":
        this.#go.backOff(work, work.last, nowMs + step.delayMs);
    }
  }

  /** 409. Where it is not known to be true it is confirmed by asking, and the first one of a run always is. */
  #saidToBeThere(work: Work, nowMs: number): void {
    const isKnown = this.#checks.first.refusesDuplicates && this.#isRefusalChecked;
    if (isKnown || work.isMaybeOurs || !this.#checks.first.isAskable) {
      this.#go.there(work);
      return;
    }
    this.#isRefusalChecked = true;
    const { ambiguousWaitMs } = this.#options.retry;
    const because = { status: 409, reason: "the server says that it has it" };
    const span = lookSpan(nowMs, ambiguousWaitMs, ambiguousWaitMs);
    this.#go.doubt(work, "said-to-be-there", because, span, nowMs);
  }

  #halt(stop: Stop, nowMs: number): void {
    if (this.stop !== null) return;
    this.#go.halt(stop);
    this.#checks.halt();
    this.#units.halt();
    this.#cutAtMs = nowMs + this.#options.graceMs;
  }

  /** There is something that needs the server. */
  get #hasWork(): boolean {
    return this.works.size > 0 || this.#checks.hasStrays || this.#strays === "wanted";
  }

  /** Does what is at its turn now. */
  #advance(nowMs: number): void {
    this.#units.renew(nowMs);
    if (this.stop !== null) {
      if (nowMs < this.#cutAtMs) return;
      this.#cutAtMs = Infinity;
      this.#go.want({ type: "cut" });
      return;
    }
    const backoff = this.works.in("backoff");
    if (backoff.size > 0)
      for (const work of backoff)
        if (work.state.type === "backoff" && work.state.untilMs <= nowMs) this.#go.queue(work);
    const stop = this.#hasWork ? this.#server.advance(nowMs) : null;
    if (stop !== null) this.#halt(stop, nowMs);
    if (stop !== null || !this.#server.mayAct(nowMs)) return;
    this.#checks.advance(nowMs, this.#units.limit);
    this.#units.advance(nowMs, {
      most: this.#server.most,
      isExhausted: this.#isExhausted,
      mayGo: (work) => this.#checks.first.mayGo(work),
    });
    if (this.#strays === "wanted" && this.isIdle) {
      this.#strays = "sought";
      this.#go.want({ type: "find-strays" });
    }
  }

  #setWake(nowMs: number): void {
    let nextMs = Math.min(this.#units.renewAtMs, this.#cutAtMs);
    if (this.stop === null) {
      const backoff = this.works.in("backoff");
      if (backoff.size > 0)
        for (const { state } of backoff)
          if (state.type === "backoff") nextMs = Math.min(nextMs, state.untilMs);
      if (this.#hasWork) nextMs = Math.min(nextMs, this.#server.wakeAtMs(nowMs));
      if (this.#server.mayAct(nowMs))
        nextMs = Math.min(nextMs, this.#checks.wakeAtMs, this.#units.lingerUntilMs);
    }
    if (nextMs === this.#wakeAtMs) return;
    this.#wakeAtMs = nextMs;
    this.#go.want({ type: "wake", atMs: nextMs });
  }
}
