import { type BackoffPolicy, backoffMs } from "../../lib/backoff.ts";

export interface BreakerOptions {
  /** So many failures in a row, over all uploads, open it. */
  readonly failuresToOpen: number;
  /** How the waits between questions grow. */
  readonly backoff: BackoffPolicy;
  /** How often the server is asked again before the first upload. */
  readonly retries: number;
  /** How long the server may be away, once it was there, before it is given up. */
  readonly outageWaitMs: number;
  readonly random: () => number;
}

interface Outage {
  readonly sinceMs: number;
  /** How often the server has been asked how it is. */
  readonly asked: number;
}

type State =
  /** Nothing was to be sent yet. */
  | { readonly type: "unasked" }
  | { readonly type: "closed"; readonly failures: number }
  /** Nobody knocks but one who asks how the server is: at `askAtMs`; null while that is under way. */
  | {
      readonly type: "open";
      readonly why: "first" | "away" | "verifying";
      readonly outage: Outage;
      readonly askAtMs: number | null;
    }
  /** It says that it is well again: one upload at a time shows whether it is. */
  | { readonly type: "trial"; readonly outage: Outage };

/**
 * Stands before every upload, as a state without a clock: while the server is down, or has not been asked yet, nobody
 * knocks but one who asks for all. An outage lasts until an upload has come through, whatever the server says of
 * itself. Times are of the run's clock, in milliseconds.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: State = { type: "unasked" };

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Uploads may go on. */
  get isClosed(): boolean {
    return this.#state.type === "closed" || this.#state.type === "trial";
  }

  /** No more than this may be in flight. */
  get most(): number {
    return this.#state.type === "trial" ? 1 : Infinity;
  }

  /** When the server is given up; null where it is not waited for. */
  get givenUpAtMs(): number | null {
    if (this.#state.type !== "open" || this.#state.why !== "away") return null;
    return this.#state.outage.sinceMs + this.#options.outageWaitMs;
  }

  /** Until when the server is waited for: the next question to it, or the end of patience. Null where it is there. */
  get untilMs(): number | null {
    return this.#state.type === "open" ? (this.givenUpAtMs ?? this.#state.askAtMs) : null;
  }

  /** When it wants to be looked at again; Infinity where only an answer changes anything. */
  get wakeAtMs(): number {
    if (this.#state.type !== "open") return Infinity;
    return Math.min(this.#state.askAtMs ?? Infinity, this.givenUpAtMs ?? Infinity);
  }

  /** There is something to be sent: what is to be done about it now. */
  next(nowMs: number): "ask" | "given-up" | null {
    const state = this.#state;
    if (state.type === "unasked") {
      this.#state = { type: "open", why: "first", outage: { sinceMs: nowMs, asked: 1 }, askAtMs: null };
      return "ask";
    }
    if (state.type !== "open") return null;
    if (nowMs >= (this.givenUpAtMs ?? Infinity)) return "given-up";
    if (state.askAtMs === null || nowMs < state.askAtMs) return null;
    const outage = { ...state.outage, asked: state.outage.asked + 1 };
    this.#state = { ...state, outage, askAtMs: null };
    return "ask";
  }

  /** It was asked, and is well. True where it had been away. */
  well(): boolean {
    if (this.#state.type !== "open") return false;
    const { why, outage } = this.#state;
    this.#state = why === "away" ? { type: "trial", outage } : { type: "closed", failures: 0 };
    return why === "away";
  }

  /** It was asked, and is not well: it is to be waited for, or has been for long enough. */
  unwell(fault: { readonly retryAfterMs: number | null }, nowMs: number): "waiting" | "given-up" {
    const state = this.#state;
    // An upload came through meanwhile.
    if (state.type !== "open") return "waiting";
    const { retries, backoff, outageWaitMs, random } = this.#options;
    const { asked } = state.outage;
    const isTooLong = fault.retryAfterMs !== null && fault.retryAfterMs > outageWaitMs;
    if (state.why === "first" && (asked > retries || isTooLong)) return "given-up";
    const waitMs =
      state.why === "first"
        ? (fault.retryAfterMs ?? backoffMs(backoff, asked - 1, random))
        : this.#probeMs(asked);
    const why = state.why === "verifying" ? "away" : state.why;
    this.#state = { ...state, why, askAtMs: nowMs + waitMs };
    return "waiting";
  }

  /** An upload came through. True where the server counted as away. */
  success(): boolean {
    const isBack = this.#state.type === "open" && this.#state.why === "away";
    this.#state = { type: "closed", failures: 0 };
    return isBack;
  }

  /** A failure of the server or the way to it: no connection, reset, silence, 5xx. True where that opens it. */
  failure(nowMs: number): boolean {
    if (this.#state.type === "trial") return this.open(nowMs);
    if (this.#state.type !== "closed") return false;
    const failures = this.#state.failures + 1;
    if (failures >= this.#options.failuresToOpen) return this.open(nowMs);
    this.#state = { type: "closed", failures };
    return false;
  }

  /** What answers is not the API: there is no need for a second such answer. True where that opens it. */
  open(nowMs: number): boolean {
    if (!this.isClosed) return false;
    const outage = this.#state.type === "trial" ? this.#state.outage : { sinceMs: nowMs, asked: 0 };
    this.#state = { type: "open", why: "away", outage, askAtMs: nowMs + this.#probeMs(outage.asked) };
    return true;
  }

  /** Asks at once how the server, and the key there, is; until then nothing is sent. */
  verify(nowMs: number): void {
    if (!this.isClosed) return;
    const outage = this.#state.type === "trial" ? this.#state.outage : { sinceMs: nowMs, asked: 0 };
    this.#state = { type: "open", why: "verifying", outage, askAtMs: nowMs };
  }

  /** Never at once: half of the step is certain, and jitter spreads the rest. */
  #probeMs(attempt: number): number {
    const { backoff, random } = this.#options;
    const halfMs = Math.min(backoff.maxMs, backoff.baseMs * 2 ** attempt) / 2;
    return halfMs + backoffMs({ baseMs: halfMs, maxMs: halfMs }, 0, random);
  }
}
