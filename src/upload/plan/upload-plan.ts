import type { RunProgress } from "../progress.ts";
import { Breaker, type BreakerOptions } from "../control/breaker.ts";
import type { HealthOutcome, UploadOutcome } from "../tanova/types.ts";
import type { PlanAction } from "./actions.ts";
import { Checks } from "./checks.ts";
import { admit } from "./dedupe.ts";
import type { PlanEvent, UnitAnswer } from "./events.ts";
import { lookSpan, remainingWaitMs } from "./in-doubt.ts";
import { afterUpload, type RetryPolicy } from "./retry-policy.ts";
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
  readonly #breaker: Breaker;
  #isExhausted = false;
  /** What earlier runs left `sending` and this one has not come across: null before its turn. */
  #strays: "wanted" | "sought" | "told" | null = null;
  #cutAtMs = Infinity;
  #wakeAtMs = Infinity;

  constructor(options: PlanOptions) {
    this.#options = options;
    this.#checks = new Checks(this.#go, options.retry);
    this.#units = new Units(this.#go, options);
    this.#breaker = new Breaker({ ...options, ...options.retry });
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
  stand(originMs: number): Pick<RunProgress, "inFlight" | "waiting"> {
    return standOf(this.works, this.#breaker.untilMs, originMs);
  }

  /** @param nowMs the run's clock, which never goes back. */
  on(event: PlanEvent, nowMs: number): PlanAction[] {
    this.#take(event, nowMs);
    this.#advance(nowMs);
    this.#setWake();
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
        this.#strays ??= this.#breaker.isClosed ? "wanted" : "told";
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
        this.#checks.answered(event.check, event.answer, nowMs);
        return;
      case "measured":
        this.#units.measured(event.loadPerCore);
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
    const state = { type: "in-doubt", span, looks: 0, lookAtMs: nowMs } as const;
    const work = newWork(checksum, file, admission.type === "look" ? state : { type: "queued" });
    this.works.add(work);
    if (this.stop !== null) this.#go.giveUp(work);
  }

  #connected(outcome: HealthOutcome, nowMs: number): void {
    if (this.stop !== null) return;
    const { status, reason } = { status: null, reason: "", ...outcome };
    switch (outcome.type) {
      case "unauthorized":
        this.#halt({ type: "unauthorized", status: outcome.status, reason }, nowMs);
        return;
      case "unreachable":
        if (this.#breaker.unwell(outcome, nowMs) === "given-up")
          this.#halt({ type: "unreachable", status, reason }, nowMs);
        return;
      case "healthy": {
        const { authenticated, canUpload, batch, bulkCheck } = outcome.health;
        if (authenticated && canUpload) {
          if (this.#breaker.success()) this.#tell("the server answers again: going on");
          if (batch === null) this.#units.limitBatch(1);
          this.#checks.begin(bulkCheck !== null);
          return;
        }
        const why = authenticated ? "the API key may not upload" : "the API key was not accepted";
        this.#halt({ type: "unauthorized", status: null, reason: why }, nowMs);
      }
    }
  }

  #answered(id: number, answer: UnitAnswer, nowMs: number): void {
    const { works, latencyMs } = this.#units.answered(id, nowMs);
    const { outcomes, putBack, batches } = unitOutcomes(works, answer);
    const isRefusal = ({ type, status }: { type: string; status?: number | null }): boolean =>
      type === "transient" && status !== null;
    this.#units.learn({ latencyMs, rejected: outcomes.some(([, outcome]) => isRefusal(outcome)) });
    if (batches?.type === "at-most") this.#units.limitBatch(batches.items);
    if (batches?.type === "refused" && this.#units.takesBatches) {
      this.#units.limitBatch(1);
      this.#go.want({ type: "batch-refused" });
    }
    for (const work of putBack) this.#go.putBack(work);
    for (const [work, outcome] of outcomes) {
      this.#judge(outcome, nowMs);
      this.#record(work, outcome, nowMs);
    }
  }

  /** What an outcome says of the server. */
  #judge(outcome: UploadOutcome, nowMs: number): void {
    const isFailure =
      outcome.type === "ambiguous" || (outcome.type === "transient" && outcome.status === null);
    if (!isFailure) {
      if (this.#breaker.success()) this.#tell("the server answers again: going on");
    } else if (this.#breaker.failure(nowMs))
      this.#tell(`the server does not take uploads now (${outcome.reason}): waiting for it`);
  }

  #record(work: Work, outcome: UploadOutcome, nowMs: number): void {
    work.attempts += 1;
    if (work.attempts > 1) this.#go.want({ type: "retried" });
    if (outcome.type === "transient" || outcome.type === "ambiguous") work.last = outcome;
    if (outcome.type === "stored" || outcome.type === "duplicate")
      this.#checks.ahead.learn(outcome.type === "duplicate");
    const step = afterUpload(outcome, { ...work, nowMs }, this.#options.retry);
    switch (step.type) {
      case "done":
        this.#go.settle(work, { type: step.as });
        return;
      case "look":
        this.#go.doubt(work, step.span, nowMs);
        return;
      case "stop":
        this.#go.settle(work, { type: "failed", because: step });
        this.#halt({ type: "unauthorized", status: step.status, reason: step.reason }, nowMs);
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
        this.#go.settle(work, { type: step.isPermanent ? "refused" : "failed", because: step });
        return;
      case "retry":
        this.#go.backOff(work, nowMs + step.delayMs);
    }
  }

  #tell(line: string): void {
    if (this.stop === null) this.#go.want({ type: "notice", line });
  }

  #halt(stop: Stop, nowMs: number): void {
    if (this.stop !== null) return;
    this.#go.halt(stop);
    this.#checks.halt();
    this.#units.halt();
    this.#cutAtMs = nowMs + this.#options.graceMs;
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
    for (const work of this.works.in("backoff"))
      if (work.state.type === "backoff" && work.state.untilMs <= nowMs) this.#go.queue(work);
    const question = this.works.size > 0 ? this.#breaker.next(nowMs) : null;
    if (question === "ask") this.#go.want({ type: "connect" });
    if (question === "given-up")
      this.#halt({ type: "unreachable", status: null, reason: "the server stopped answering" }, nowMs);
    if (!this.#breaker.isClosed) return;
    this.#checks.advance(nowMs);
    this.#units.advance(nowMs, this.#isExhausted, (work) => this.#checks.ahead.mayGo(work));
    if (this.#strays === "wanted" && this.isIdle) {
      this.#strays = "sought";
      this.#go.want({ type: "find-strays" });
    }
  }

  #setWake(): void {
    let nextMs = Math.min(this.#units.renewAtMs, this.#cutAtMs);
    if (this.stop === null) {
      for (const { state } of this.works.in("backoff"))
        if (state.type === "backoff") nextMs = Math.min(nextMs, state.untilMs);
      if (this.works.size > 0) nextMs = Math.min(nextMs, this.#breaker.wakeAtMs);
      if (this.#breaker.isClosed) nextMs = Math.min(nextMs, this.#checks.wakeAtMs, this.#units.lingerUntilMs);
    }
    if (nextMs === this.#wakeAtMs) return;
    this.#wakeAtMs = nextMs;
    this.#go.want({ type: "wake", atMs: nextMs });
  }
}
