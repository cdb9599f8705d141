import { Breaker, type BreakerOptions } from "../control/breaker.ts";
import { RateLimit, type Refusal } from "../control/rate-limit.ts";
import type { Health, HealthOutcome, Unanswered, UploadOutcome } from "../tanova/types.ts";
import { isPressed } from "./retry-policy.ts";
import type { Stop } from "./stop.ts";
import type { Transitions } from "./transitions.ts";
import type { Because, Work } from "./work.ts";

/** A shorter pause is not worth a message. */
const TOLD_FROM_MS = 2_000;

/** What the outcome of a request says about the server. */
export interface Judgement {
  /** The server refuses only this content because of load. */
  readonly isOwnFault: boolean;
  /** Why the run must stop, if it must. */
  readonly stop: Stop | null;
}

/** Whether the destination is reachable, accepts uploads, and accepts this key: judged from all answers together. */
export class Reachability {
  readonly #go: Transitions;
  readonly #breaker: Breaker;
  readonly #rateLimit: RateLimit;
  /** A health check is under way; its answer serves everyone who needs one. */
  #isAsking = false;
  /** Contents refused with 403: a health check shows whether the key is the reason. */
  #forbidden: { readonly work: Work; readonly because: Because }[] = [];

  constructor(go: Transitions, options: BreakerOptions) {
    this.#go = go;
    this.#breaker = new Breaker(options);
    this.#rateLimit = new RateLimit(options);
  }

  /** The most requests that may be in flight. */
  get most(): number {
    return this.#breaker.most;
  }

  /** The server was checked, and is there. */
  get isOpen(): boolean {
    return this.#breaker.isClosed;
  }

  /** It is there, and has not asked for a pause. */
  mayAct(nowMs: number): boolean {
    return this.#breaker.isClosed && nowMs >= this.#rateLimit.untilMs;
  }

  /** How long to wait for the server (run clock): until the next check, or until giving up. Null if it is reachable. */
  untilMs(nowMs: number): number | null {
    if (!this.#breaker.isClosed) return this.#breaker.untilMs;
    return nowMs < this.#rateLimit.untilMs ? this.#rateLimit.untilMs : null;
  }

  /** When something changes without an answer while requests are held back; Infinity if nothing does. */
  wakeAtMs(nowMs: number): number {
    const pauseMs = this.mayAct(nowMs) ? Infinity : this.#rateLimit.untilMs;
    return Math.min(this.#breaker.wakeAtMs, this.#breaker.isClosed ? pauseMs : Infinity);
  }

  /** Something is to be sent: checks the server's health, or gives it up. */
  advance(nowMs: number): Stop | null {
    if (this.#forbidden.length > 0 && !this.#isAsking) this.#breaker.verify(nowMs);
    const next = this.#breaker.next(nowMs);
    if (next === "ask" && !this.#isAsking) {
      this.#isAsking = true;
      this.#go.want({ type: "connect" });
    }
    if (next !== "given-up") return null;
    return { type: "unreachable", what: "server", status: null, reason: "the server stopped answering" };
  }

  /** Handles the result of a health check: healthy, still to be waited for (null), or a reason to stop. */
  connected(outcome: HealthOutcome, nowMs: number): Health | Stop | null {
    this.#isAsking = false;
    if (outcome.type === "unauthorized") return outcome;
    if (outcome.type === "unreachable") {
      const { status, reason } = outcome;
      const isGivenUp = this.#breaker.unwell(outcome, nowMs) === "given-up";
      return isGivenUp ? { type: "unreachable", what: "server", status, reason } : null;
    }
    const { authenticated, canUpload } = outcome.health;
    if (!authenticated || !canUpload) {
      const reason = authenticated ? "the API key may not upload" : "the API key was not accepted";
      return { type: "unauthorized", status: null, reason };
    }
    if (this.#breaker.well()) this.#go.tell({ type: "back" });
    // The key is accepted, so the contents themselves were refused.
    for (const { work, because } of this.#forbidden.splice(0))
      this.#go.settle(work, { type: "refused", because });
    return outcome.health;
  }

  /** Handles a 403, caused by the key or the content: the server is checked before anything else is sent. */
  forbid(work: Work, because: Because): void {
    this.#go.backOff(work, because, Infinity);
    if (this.#go.stop !== null) return;
    this.#forbidden.push({ work, because });
  }

  /** What the outcome of an upload says about the server. */
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

  /** What a check without an answer says about the server. */
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

  /** The server refuses because of load: everything waits, or the run ends if that would take too long. */
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
