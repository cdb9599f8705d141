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

type State =
  /** Nothing was to be sent yet. */
  | { readonly type: "unasked" }
  | { readonly type: "closed"; readonly failures: number }
  /** Nobody knocks but one who asks how the server is: at `askAtMs`; null while that is under way. */
  | {
      readonly type: "open";
      readonly isFirst: boolean;
      readonly sinceMs: number;
      readonly asked: number;
      readonly askAtMs: number | null;
    };

/**
 * Stands before every upload, as a state without a clock: while the server is down, or has not been asked yet, nobody
 * knocks but one who asks for all. Times are of the run's clock, in milliseconds.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: State = { type: "unasked" };

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#state.type === "closed";
  }

  /** Until when the server is waited for: the next question to it, or the end of patience. Null where it is there. */
  get untilMs(): number | null {
    if (this.#state.type !== "open") return null;
    const { isFirst, sinceMs, askAtMs } = this.#state;
    return isFirst ? askAtMs : sinceMs + this.#options.outageWaitMs;
  }

  /** When it wants to be looked at again; Infinity where only an answer changes anything. */
  get wakeAtMs(): number {
    if (this.#state.type !== "open") return Infinity;
    const { isFirst, sinceMs, askAtMs } = this.#state;
    const endMs = isFirst ? Infinity : sinceMs + this.#options.outageWaitMs;
    return Math.min(askAtMs ?? Infinity, endMs);
  }

  /** There is something to be sent: what is to be done about it now. */
  next(nowMs: number): "ask" | "given-up" | null {
    const state = this.#state;
    if (state.type === "closed") return null;
    if (state.type === "unasked") {
      this.#state = { type: "open", isFirst: true, sinceMs: nowMs, asked: 1, askAtMs: null };
      return "ask";
    }
    if (!state.isFirst && nowMs >= state.sinceMs + this.#options.outageWaitMs) return "given-up";
    if (state.askAtMs === null || nowMs < state.askAtMs) return null;
    this.#state = { ...state, asked: state.asked + 1, askAtMs: null };
    return "ask";
  }

  /** It was asked, and is not well: it is to be waited for, or has been for long enough. */
  unwell(fault: { readonly retryAfterMs: number | null }, nowMs: number): "waiting" | "given-up" {
    const state = this.#state;
    // An upload came through meanwhile.
    if (state.type !== "open") return "waiting";
    const { retries, backoff, random } = this.#options;
    if (state.isFirst && state.asked > retries) return "given-up";
    const waitMs = state.isFirst
      ? (fault.retryAfterMs ?? backoffMs(backoff, state.asked - 1, random))
      : this.#probeMs(state.asked);
    this.#state = { ...state, askAtMs: nowMs + waitMs };
    return "waiting";
  }

  /** It is well, or an upload came through. True where it had been away. */
  success(): boolean {
    const isBack = this.#state.type === "open" && !this.#state.isFirst;
    this.#state = { type: "closed", failures: 0 };
    return isBack;
  }

  /** A failure of the server or the way to it: no connection, reset, silence, 5xx. True where that opens it. */
  failure(nowMs: number): boolean {
    if (this.#state.type !== "closed") return false;
    const failures = this.#state.failures + 1;
    if (failures < this.#options.failuresToOpen) {
      this.#state = { type: "closed", failures };
      return false;
    }
    const askAtMs = nowMs + this.#probeMs(0);
    this.#state = { type: "open", isFirst: false, sinceMs: nowMs, asked: 0, askAtMs };
    return true;
  }

  /** Never at once: half of the step is certain, and jitter spreads the rest. */
  #probeMs(attempt: number): number {
    const { backoff, random } = this.#options;
    const halfMs = Math.min(backoff.maxMs, backoff.baseMs * 2 ** attempt) / 2;
    return halfMs + backoffMs({ baseMs: halfMs, maxMs: halfMs }, 0, random);
  }
}
