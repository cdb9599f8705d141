import type { RunProgress } from "../report/progress.ts";
import type { BreakerOptions } from "../control/breaker.ts";
import type { HealthOutcome } from "../tanova/types.ts";
import type { PlanAction } from "./actions.ts";
import { Checks } from "./checks.ts";
import { type Admission, admit } from "./dedupe.ts";
import type { CheckAnswer, PlanEvent, UnitAnswer } from "./events.ts";
import { lookSpan, remainingWaitMs } from "./in-doubt.ts";
import { Reachability } from "./reachability.ts";
import { isPressed, type RetryPolicy } from "./retry-policy.ts";
import { Leases } from "./sharing/leases.ts";
import { Sharing, type SharingOptions } from "./sharing/sharing.ts";
import { standOf } from "./stand.ts";
import type { Stop } from "./stop.ts";
import { Transitions } from "./transitions.ts";
import { Outcomes } from "./upload-outcomes.ts";
import { unitOutcomes } from "./unit-outcomes.ts";
import { Units, type UnitsOptions } from "./units.ts";
import { newWork, type OpenState, type Work, type WorkState } from "./work.ts";
import type { Works } from "./works.ts";

/** What a run's decisions depend on. All times in milliseconds. */
export interface PlanOptions extends UnitsOptions, Pick<BreakerOptions, "failuresToOpen"> {
  readonly runId: number;
  readonly retryFailed: boolean;
  readonly retry: RetryPolicy;
  /** Within the last day, the destination has shown that it refuses contents it already has. */
  readonly refusesDuplicates: boolean;
  /** How long uploads in flight may go on once nothing more is sent. */
  readonly graceMs: number;
  /** null if history is only in this store. */
  readonly sharing: SharingOptions | null;
}

/** Nothing more is taken in while this many contents are in line, or this many wait for a time. */
const LINE_LIMIT = 256;
const WAITING_LIMIT = 1_000;
const IN_LINE: readonly OpenState[] = ["unclaimed", "claiming", "queued"];
const WAITING: readonly OpenState[] = ["elsewhere", "backoff", "in-doubt"];
const IN_FLIGHT: readonly OpenState[] = ["reserving", "marking", "sending"];

/**
 * How contents get to the server, as a state: events go in, actions come out. It reads no clock, waits for nothing and
 * touches nothing outside; every decision of a run is made here. At most one upload is in flight for a content.
 */
export class UploadPlan {
  readonly #options: PlanOptions;
  readonly #go: Transitions;
  readonly #checks: Checks;
  readonly #units: Units;
  readonly #server: Reachability;
  readonly #outcomes: Outcomes;
  readonly #sharing: Sharing | null;
  readonly #mayGo = (work: Work): boolean => this.#checks.first.mayGo(work);
  #isExhausted = false;
  /** The server was reached once, so it is known whose history is shared. */
  #isShared = false;
  /** The search for contents that earlier runs left `sending` and this one has not met; null before its turn. */
  #strays: "wanted" | "sought" | "told" | null = null;
  #cutAtMs = Infinity;
  #wakeAtMs = Infinity;

  constructor(options: PlanOptions) {
    this.#options = options;
    const leases = options.sharing === null ? null : new Leases();
    this.#go = new Transitions(leases);
    this.#checks = new Checks(this.#go, options.retry, options.refusesDuplicates);
    this.#units = new Units(this.#go, options);
    this.#server = new Reachability(this.#go, { ...options, ...options.retry });
    this.#outcomes = new Outcomes(this.#go, this.#checks.first, this.#server, options.retry);
    this.#sharing =
      options.sharing === null || leases === null
        ? null
        : new Sharing(this.#go, leases, options.sharing, options.retry.ambiguousWaitMs);
  }

  /** Everything that is not settled. */
  get works(): Works {
    return this.#go.works;
  }

  /** Why nothing more is sent; null while the run goes on. */
  get stop(): Stop | null {
    return this.#go.stop;
  }

  /** The most uploads that were ever in flight at once. */
  get peak(): number {
    return this.#units.peak;
  }

  /** More contents may be offered. */
  get hasRoom(): boolean {
    if (this.stop !== null) return true;
    const { works } = this;
    if (works.size < LINE_LIMIT) return true;
    return works.count(IN_LINE) < LINE_LIMIT && works.count(WAITING) < WAITING_LIMIT;
  }

  /** Everything offered is settled, or the run was stopped and nothing is in flight. */
  get isIdle(): boolean {
    if (this.stop === null) return this.works.size === 0 && this.#sharing?.hasWork !== true;
    const isBusy = IN_FLIGHT.some((state) => this.works.in[state].size > 0);
    const isTelling = this.#sharing?.isTelling === true && this.#cutAtMs !== Infinity;
    return !isBusy && !this.#checks.isLooking && !isTelling;
  }

  /** Nothing is left to do. */
  get isOver(): boolean {
    return this.isIdle && (this.stop !== null || this.#strays === "told") && !this.#checks.hasStrays;
  }

  /** The current progress, for display; `originMs` converts the run's clock to Unix milliseconds. */
  stand(nowMs: number, originMs: number): Pick<RunProgress, "inFlight" | "waiting"> {
    return standOf(
      this.works,
      { server: this.#server.untilMs(nowMs), share: this.#sharing?.untilMs ?? null },
      originMs,
    );
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
        if (event.error !== undefined) this.#halt({ type: "broken", error: event.error }, nowMs);
        for (const unit of event.units) {
          if (event.error === undefined) this.#units.written(unit);
          else this.#units.unwritten(unit);
        }
        return;
      case "answered":
        this.#answered(event.unit, event.answer, nowMs);
        return;
      case "checked":
        this.#checked(event.check, event.answer, nowMs);
        return;
      case "shared":
        this.#sharing?.answered(event.request, event.outcome, nowMs);
        if (event.request.type === "mark")
          this.#units.marked(event.request.unit, event.outcome.type === "marked", nowMs);
        return;
      case "measured":
        this.#units.measured(event.runDelay);
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
    const { runId, retryFailed } = this.#options;
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
    const state = this.#stateAtFirst(admission, sentAgoMs, nowMs);
    const work = newWork(checksum, file, state);
    this.works.add(work);
    if (this.stop !== null) this.#go.giveUp(work);
  }

  #stateAtFirst(
    admission: Admission & { type: "send" | "look" },
    sentAgoMs: number | null,
    nowMs: number,
  ): WorkState {
    let doubt: Extract<WorkState, { type: "in-doubt" }> | null = null;
    if (admission.type === "look") {
      const { ambiguousWaitMs } = this.#options.retry;
      const forMs = remainingWaitMs(sentAgoMs ?? 0, ambiguousWaitMs);
      const span = lookSpan(nowMs, forMs, ambiguousWaitMs);
      doubt = { type: "in-doubt", why: admission.why, span, looks: 0, unanswered: 0, lookAtMs: nowMs };
    }
    if (this.#sharing !== null) return { type: "unclaimed", doubt, tries: 0 };
    return doubt ?? { type: "queued" };
  }

  #connected(outcome: HealthOutcome, nowMs: number): void {
    if (this.stop !== null) return;
    const told = this.#server.connected(outcome, nowMs);
    if (told === null) return;
    if ("type" in told) {
      this.#halt(told, nowMs);
      return;
    }
    this.#isShared = this.#sharing !== null;
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
    const rejected = outcomes.some(({ outcome }) => "status" in outcome && isPressed(outcome.status));
    this.#units.learn({ latencyMs, rejected });
    if (batches?.type === "at-most") this.#units.limitBatch(batches.items);
    if (batches?.type === "refused" && this.#units.takesBatches) {
      this.#units.limitBatch(1);
      this.#go.want({ type: "remember", fact: { type: "refuses-batches" } });
    }
    for (const work of putBack) this.#go.putBack(work, work.last);
    for (const { work, outcome } of outcomes) {
      for (const stop of this.#outcomes.take(work, outcome, nowMs)) this.#halt(stop, nowMs);
    }
  }

  #halt(stop: Stop, nowMs: number): void {
    if (this.stop !== null) return;
    this.#go.halt(stop);
    this.#checks.halt();
    this.#units.halt();
    this.#cutAtMs = nowMs + this.#options.graceMs;
  }

  /** Something needs the server. */
  get #hasWork(): boolean {
    const isShared = this.#sharing?.hasWork === true;
    return this.works.size > 0 || isShared || this.#checks.hasStrays || this.#strays === "wanted";
  }

  /** Does everything that is due now. */
  #advance(nowMs: number): void {
    this.#units.renew(nowMs);
    if (this.#sharing !== null) this.#share(this.#sharing, nowMs);
    if (this.stop !== null) {
      if (nowMs < this.#cutAtMs) return;
      this.#cutAtMs = Infinity;
      this.#go.want({ type: "cut" });
      return;
    }
    const backoff = this.works.in.backoff;
    if (backoff.size > 0)
      for (const work of backoff)
        if (work.state.type === "backoff" && work.state.untilMs <= nowMs) this.#go.queue(work);
    const stop = this.#hasWork ? this.#server.advance(nowMs) : null;
    if (stop !== null) this.#halt(stop, nowMs);
    if (stop !== null || !this.#server.mayAct(nowMs)) return;
    const isReady = this.#sharing?.isReady ?? true;
    this.#checks.advance(nowMs, isReady ? this.#units.limit : 0);
    if (isReady) this.#sharing?.claim(nowMs, this.#units.claimRoom);
    if (isReady)
      this.#units.advance(nowMs, {
        most: this.#server.most,
        isExhausted: this.#isExhausted,
        mayGo: this.#mayGo,
      });
    if (this.#strays === "wanted" && this.isIdle) {
      this.#strays = "sought";
      this.#go.want({ type: "find-strays" });
    }
  }

  /** Keeps up with the other machines, once the server has said whose history this is. */
  #share(sharing: Sharing, nowMs: number): void {
    if (!this.#isShared) return;
    const stop = sharing.advance(nowMs);
    if (stop !== null) this.#halt(stop, nowMs);
    if (this.stop !== null) return;
    if (sharing.settles(nowMs)) this.#checks.forgetAbsent();
    if (!this.#server.mayAct(nowMs)) sharing.yield();
  }

  #setWake(nowMs: number): void {
    let nextMs = Math.min(this.#units.renewAtMs, this.#cutAtMs);
    if (this.#isShared) nextMs = Math.min(nextMs, this.#sharing?.wakeAtMs ?? Infinity);
    if (this.stop === null) {
      const backoff = this.works.in.backoff;
      if (backoff.size > 0)
        for (const { state } of backoff)
          if (state.type === "backoff") nextMs = Math.min(nextMs, state.untilMs);
      if (this.#server.mayAct(nowMs))
        nextMs = Math.min(nextMs, this.#checks.wakeAtMs, this.#units.lingerUntilMs);
      else if (this.#hasWork) nextMs = Math.min(nextMs, this.#server.wakeAtMs(nowMs));
    }
    if (nextMs === this.#wakeAtMs) return;
    this.#wakeAtMs = nextMs;
    this.#go.want({ type: "wake", atMs: nextMs });
  }
}
