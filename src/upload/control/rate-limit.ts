import { type BackoffPolicy, backoffMs } from "../../lib/backoff.ts";
import type { BreakerOptions } from "./breaker.ts";

export interface RateLimitOptions extends Pick<BreakerOptions, "outageWaitMs" | "random"> {
  /** Only `maxMs` is used: the first pauses are short, since fewer uploads in flight is what helps. */
  readonly backoff: Pick<BackoffPolicy, "maxMs">;
}

/** A refusal because of load, as the destination sent it. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | null;
  /** Of the content that was refused. */
  readonly checksum: string;
}

/** How a refusal is to be handled. */
export type Pressure =
  /** Nothing is sent before `untilMs`. `isNews`: false for the later refusals of a burst. */
  | { readonly type: "pause"; readonly untilMs: number; readonly isNews: boolean }
  /** Only this content is refused while others are stored: it uses up its own retries. */
  | { readonly type: "own" }
  /** Too long to wait: until `untilMs`; null if the server has not said. */
  | { readonly type: "given-up"; readonly untilMs: number | null };

const FIRST_PAUSE_MS = 250;

/**
 * 429 and 503 concern the destination, not a single content: one pause for all uploads, with full jitter if the server
 * does not say how long. A state without a clock; times are of the run's clock, in milliseconds.
 */
export class RateLimit {
  readonly #options: RateLimitOptions;
  #untilMs = -Infinity;
  /** Refusals since something was last stored (one per burst), and since when. */
  #level = 0;
  #sinceMs: number | null = null;
  /** The content that was refused last, and whether others were stored since. */
  #last: { readonly checksum: string; othersStored: boolean } | null = null;

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Nothing is sent before this time. */
  get untilMs(): number {
    return this.#untilMs;
  }

  refused(refusal: Refusal, nowMs: number): Pressure {
    const { status, retryAfterMs, checksum } = refusal;
    const { outageWaitMs, backoff, random } = this.#options;
    const isOwn = status === 503 && this.#last?.checksum === checksum && this.#last.othersStored;
    this.#last = { checksum, othersStored: false };
    if (isOwn) return { type: "own" };
    this.#sinceMs ??= nowMs;
    const endMs = this.#sinceMs + outageWaitMs;
    if (retryAfterMs !== null && retryAfterMs > outageWaitMs)
      return { type: "given-up", untilMs: nowMs + retryAfterMs };
    if (nowMs >= endMs) return { type: "given-up", untilMs: null };
    const isNews = nowMs >= this.#untilMs;
    const pauseMs =
      retryAfterMs ?? backoffMs({ baseMs: FIRST_PAUSE_MS, maxMs: backoff.maxMs }, this.#level, random);
    if (isNews) this.#level += 1;
    if (isNews || retryAfterMs !== null) this.#untilMs = Math.max(this.#untilMs, nowMs + pauseMs);
    return { type: "pause", untilMs: this.#untilMs, isNews };
  }

  /** A content was stored. */
  stored(checksum: string): void {
    this.#level = 0;
    this.#sinceMs = null;
    if (this.#last !== null && this.#last.checksum !== checksum) this.#last.othersStored = true;
  }
}
