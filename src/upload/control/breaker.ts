import { type BackoffPolicy, backoffMs } from "../../lib/backoff.ts";

export interface BreakerOptions {
  /** This many failures in a row, over all uploads, open the breaker. */
  readonly failuresToOpen: number;
  /** How the waits between health checks grow. */
  readonly backoff: BackoffPolicy;
  /** How often the health check is repeated before the first upload. */
  readonly retries: number;
  /** How long the server may be away, once it has been reached, before the run gives up. */
  readonly outageWaitMs: number;
  readonly random: () => number;
}

interface Outage {
  readonly sinceMs: number;
  /** How often the server's health has been checked. */
  readonly asked: number;
}

type State =
  /** Nothing had to be sent yet. */
  | { readonly type: "unasked" }
  | { readonly type: "closed"; readonly failures: number }
  /** Nothing is sent but a health check, due at `askAtMs`; null while one is under way. */
  | {
      readonly type: "open";
      readonly why: "first" | "away" | "verifying";
      readonly outage: Outage;
      readonly askAtMs: number | null;
    }
  /** The server says it is healthy again: one upload at a time tests that. */
  | { readonly type: "trial"; readonly outage: Outage };

/**
 * A circuit breaker in front of every upload, as a state without a clock. While the server is down, or has not been
 * checked yet, nothing is sent but one health check on behalf of all uploads. An outage lasts until an upload succeeds,
 * whatever the health check says. Times are of the run's clock, in milliseconds.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: State = { type: "unasked" };

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Uploads may be sent. */
  get isClosed(): boolean {
    return this.#state.type === "closed" || this.#state.type === "trial";
  }

  /** The most uploads that may be in flight. */
  get most(): number {
    return this.#state.type === "trial" ? 1 : Infinity;
  }

  /** When the run gives up on the server; null if it is not waiting for it. */
  get givenUpAtMs(): number | null {
    if (this.#state.type !== "open" || this.#state.why !== "away") return null;
    return this.#state.outage.sinceMs + this.#options.outageWaitMs;
  }

  /** How long to wait for the server: until the next health check, or until giving up. Null if it is reachable. */
  get untilMs(): number | null {
    return this.#state.type === "open" ? (this.givenUpAtMs ?? this.#state.askAtMs) : null;
  }

  /** When `next` should be called again; Infinity if only an answer can change anything. */
  get wakeAtMs(): number {
    if (this.#state.type !== "open") return Infinity;
    return Math.min(this.#state.askAtMs ?? Infinity, this.givenUpAtMs ?? Infinity);
  }

  /** Something is to be sent: returns what to do about the server first, if anything. */
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

  /** The health check succeeded. Returns true if the server had been away. */
  well(): boolean {
    if (this.#state.type !== "open") return false;
    const { why, outage } = this.#state;
    this.#state = why === "away" ? { type: "trial", outage } : { type: "closed", failures: 0 };
    return why === "away";
  }

  /** The health check failed: returns whether to keep waiting or to give up. */
  unwell(fault: { readonly retryAfterMs: number | null }, nowMs: number): "waiting" | "given-up" {
    const state = this.#state;
    // An upload succeeded in the meantime.
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

  /** An upload succeeded. Returns true if the server counted as away. */
  success(): boolean {
    const isBack = this.#state.type === "open" && this.#state.why === "away";
    this.#state = { type: "closed", failures: 0 };
    return isBack;
  }

  /** The server or the connection failed: unreachable, reset, timeout, 5xx. Returns true if that opens the breaker. */
  failure(nowMs: number): boolean {
    if (this.#state.type === "trial") return this.open(nowMs);
    if (this.#state.type !== "closed") return false;
    const failures = this.#state.failures + 1;
    if (failures >= this.#options.failuresToOpen) return this.open(nowMs);
    this.#state = { type: "closed", failures };
    return false;
  }

  /** Something other than the API answered: one such answer is enough. Returns true if that opens the breaker. */
  open(nowMs: number): boolean {
    if (!this.isClosed) return false;
    const outage = this.#state.type === "trial" ? this.#state.outage : { sinceMs: nowMs, asked: 0 };
    this.#state = { type: "open", why: "away", outage, askAtMs: nowMs + this.#probeMs(outage.asked) };
    return true;
  }

  /** Checks the server and the key at once; nothing is sent until the answer is there. */
  verify(nowMs: number): void {
    if (!this.isClosed) return;
    const outage = this.#state.type === "trial" ? this.#state.outage : { sinceMs: nowMs, asked: 0 };
    this.#state = { type: "open", why: "verifying", outage, askAtMs: nowMs };
  }

  /** Never zero: half of the step is fixed, and jitter spreads the rest. */
  #probeMs(attempt: number): number {
    const { backoff, random } = this.#options;
    const halfMs = Math.min(backoff.maxMs, backoff.baseMs * 2 ** attempt) / 2;
    return halfMs + backoffMs({ baseMs: halfMs, maxMs: halfMs }, 0, random);
  }
}
