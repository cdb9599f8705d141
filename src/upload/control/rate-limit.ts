import { type BackoffPolicy, backoffMs } from "../../lib/backoff.ts";
import type { BreakerOptions } from "./breaker.ts";

export interface RateLimitOptions extends Pick<BreakerOptions, "outageWaitMs" | "random"> {
  /** Only its longest wait counts: the first ones are short, since fewer in flight is what helps. */
  readonly backoff: Pick<BackoffPolicy, "maxMs">;
}

/** What the destination has said of its being pressed. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | null;
  /** Of the content that met it. */
  readonly checksum: string;
}

/** What a refusal means. */
export type Pressure =
  /** Nothing is sent before `untilMs`. `isNews`: it is not one of a burst. */
  | { readonly type: "pause"; readonly untilMs: number; readonly isNews: boolean }
  /** This content alone is refused while others are stored: it pays for it by itself. */
  | { readonly type: "own" }
  /** Longer than anybody waits: until `untilMs`; null where the server has not said. */
  | { readonly type: "given-up"; readonly untilMs: number | null };

const FIRST_PAUSE_MS = 250;

/**
 * 429 and 503, which are the destination's and not a content's: one pause for all uploads, with full jitter where the
 * server does not say how long. A state without a clock; times are of the run's clock, in milliseconds.
 */
export class RateLimit {
  readonly #options: RateLimitOptions;
  #untilMs = -Infinity;
  /** Refusals since something was last stored, one a burst, and since when. */
  #level = 0;
  #sinceMs: number | null = null;
  /** The content that was refused last, and whether others were stored since. */
  #last: { readonly checksum: string; othersStored: boolean } | null = null;

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Nothing is sent before this. */
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

  /** Something was stored. */
  stored(checksum: string): void {
    this.#level = 0;
    this.#sinceMs = null;
    if (this.#last !== null && this.#last.checksum !== checksum) this.#last.othersStored = true;
  }
}
