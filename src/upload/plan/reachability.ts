import { Breaker, type BreakerOptions } from "../control/breaker.ts";
import { RateLimit, type Refusal } from "../control/rate-limit.ts";
import type { Health, HealthOutcome, Unanswered, UploadOutcome } from "../tanova/types.ts";
import { isPressed } from "./retry-policy.ts";
import type { Stop } from "./stop.ts";
import type { Transitions } from "./transitions.ts";
import type { Because, Work } from "./work.ts";

/** A pause that is shorter than this is not worth a line. */
const TOLD_FROM_MS = 2_000;

/** What an outcome says of the server. */
export interface Judgement {
  /** A refusal for load that this content alone meets. */
  readonly isOwnFault: boolean;
  /** The run goes on no longer. */
  readonly stop: Stop | null;
}

/** Whether the destination is there, takes uploads, and takes this key: what all answers together say of it. */
export class Reachability {
  readonly #go: Transitions;
  readonly #breaker: Breaker;
  readonly #rateLimit: RateLimit;
  /** It is being asked how it is: the answer will do for whatever else wants to know. */
  #isAsking = false;
  /** Refused with 403: the server is asked whether that is the key's fault. */
  #forbidden: { readonly work: Work; readonly because: Because }[] = [];

  constructor(go: Transitions, options: BreakerOptions) {
    this.#go = go;
    this.#breaker = new Breaker(options);
    this.#rateLimit = new RateLimit(options);
  }

  /** No more than this may be in flight. */
  get most(): number {
    return this.#breaker.most;
  }

  /** The server was asked, and is there. */
  get isOpen(): boolean {
    return this.#breaker.isClosed;
  }

  /** It is there, and has not asked to be left alone. */
  mayAct(nowMs: number): boolean {
    return this.#breaker.isClosed && nowMs >= this.#rateLimit.untilMs;
  }

  /** Until when it is waited for (run clock): the next question to it, or the end of patience. Null where it is there. */
  untilMs(nowMs: number): number | null {
    if (!this.#breaker.isClosed) return this.#breaker.untilMs;
    return nowMs < this.#rateLimit.untilMs ? this.#rateLimit.untilMs : null;
  }

  /** When something changes by itself while nothing may be done; Infinity where nothing does. */
  wakeAtMs(nowMs: number): number {
    const pauseMs = this.mayAct(nowMs) ? Infinity : this.#rateLimit.untilMs;
    return Math.min(this.#breaker.wakeAtMs, this.#breaker.isClosed ? pauseMs : Infinity);
  }

  /** There is something to be done: asks the server how it is, or gives it up. */
  advance(nowMs: number): Stop | null {
    if (this.#forbidden.length > 0 && !this.#isAsking) this.#breaker.verify(nowMs);
    const next = this.#breaker.next(nowMs);
    if (next === "ask" && !this.#isAsking) {
      this.#isAsking = true;
      this.#go.want({ type: "connect" });
    }
    if (next !== "given-up") return null;
    return { type: "unreachable", status: null, reason: "the server stopped answering" };
  }

  /** It has told how it is, or has not: well, still to be waited for (null), or a reason to stop. */
  connected(outcome: HealthOutcome, nowMs: number): Health | Stop | null {
    this.#isAsking = false;
    if (outcome.type === "unauthorized") return outcome;
    if (outcome.type === "unreachable") {
      const { status, reason } = outcome;
      const isGivenUp = this.#breaker.unwell(outcome, nowMs) === "given-up";
      return isGivenUp ? { type: "unreachable", status, reason } : null;
    }
    const { authenticated, canUpload } = outcome.health;
    if (!authenticated || !canUpload) {
      const reason = authenticated ? "the API key may not upload" : "the API key was not accepted";
      return { type: "unauthorized", status: null, reason };
    }
    if (this.#breaker.well()) this.#go.tell({ type: "back" });
    // The key is well, so it is the contents that were refused.
    for (const { work, because } of this.#forbidden.splice(0))
      this.#go.settle(work, { type: "refused", because });
    return outcome.health;
  }

  /** 403: the key's fault, or the content's. The server is asked before anything else is sent. */
  forbid(work: Work, because: Because): void {
    this.#go.backOff(work, because, Infinity);
    if (this.#go.stop !== null) return;
    this.#forbidden.push({ work, because });
  }

  /** What an upload's outcome says of the server. */
  judge(checksum: string, outcome: UploadOutcome, nowMs: number): Judgement {
    const nothing = { isOwnFault: false, stop: null };
    switch (outcome.type) {
      case "misplaced":
        if (this.#breaker.open(nowMs)) this.#go.tell({ type: "away", reason: outcome.reason });
        return nothing;
      case "transient":
      case "ambiguous": {
        const { status, reason } = outcome;
        if (status !== null && isPressed(status))
          return this.#pressed({ ...outcome, status, checksum }, nowMs);
        const isFailure = outcome.type === "ambiguous" || status === null;
        if (isFailure && this.#breaker.failure(nowMs)) this.#go.tell({ type: "away", reason });
        return nothing;
      }
      case "stored":
      case "duplicate":
        this.#rateLimit.stored(checksum);
        this.#wasReached();
        return nothing;
      case "permanent":
        if (outcome.status !== null) this.#wasReached();
        return nothing;
      case "unauthorized":
      case "changed":
        return nothing;
    }
  }

  /** What a question without an answer says of it. */
  unanswered({ status, reason, retryAfterMs }: Unanswered, nowMs: number): Judgement {
    if (status !== null && isPressed(status))
      return this.#pressed({ status, reason, retryAfterMs, checksum: "" }, nowMs);
    if (status === 401 || status === 403) this.#breaker.verify(nowMs);
    else if (this.#breaker.failure(nowMs)) this.#go.tell({ type: "away", reason });
    return { isOwnFault: false, stop: null };
  }

  #wasReached(): void {
    if (this.#breaker.success()) this.#go.tell({ type: "back" });
  }

  /** It refuses for load: all wait, and where that would be for too long the run ends. */
  #pressed(refusal: Refusal, nowMs: number): Judgement {
    const pressure = this.#rateLimit.refused(refusal, nowMs);
    const { status, reason } = refusal;
    if (pressure.type === "given-up") {
      const stop = { type: "rate-limited", status, reason, untilMs: pressure.untilMs } as const;
      return { isOwnFault: false, stop };
    }
    const isTold = pressure.type === "pause" && pressure.isNews && pressure.untilMs - nowMs >= TOLD_FROM_MS;
    if (isTold) this.#go.tell({ type: "paused", reason, untilMs: pressure.untilMs });
    return { isOwnFault: pressure.type === "own", stop: null };
  }
}
