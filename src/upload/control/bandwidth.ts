import type { Bandwidth } from "../../lib/http/client.ts";
import { wait } from "../../lib/wait.ts";

/**
 * A token bucket expressed as time (the generic cell rate algorithm): `paidUntilMs` is when everything granted so far
 * is paid for at the rate. It is never further in the past than the burst, so an idle link saves up no more than that.
 */
export interface Bucket {
  readonly bytesPerS: number;
  readonly burstMs: number;
  readonly paidUntilMs: number;
}

/** How long a link may run at full speed after idling: smooths out waits and hardly changes any average. */
const BURST_MS = 250;

export function emptyBucket(bytesPerS: number): Bucket {
  return { bytesPerS, burstMs: BURST_MS, paidUntilMs: -Infinity };
}

/** Grants `bytes` after `waitMs`. Over any period, at most the rate, one burst and one grant are let through. */
export function reserve(bucket: Bucket, bytes: number, nowMs: number): { bucket: Bucket; waitMs: number } {
  const startMs = Math.max(bucket.paidUntilMs, nowMs - bucket.burstMs);
  const paidUntilMs = startMs + (bytes / bucket.bytesPerS) * 1_000;
  return { bucket: { ...bucket, paidUntilMs }, waitMs: Math.max(0, startMs - nowMs) };
}

/**
 * One limit for all uploads, first come, first served.
 *
 * @param now milliseconds of a clock that never goes back.
 */
export function limitBandwidth(bytesPerS: number, now: () => number = () => performance.now()): Bandwidth {
  let bucket = emptyBucket(bytesPerS);
  return {
    take: async (bytes, signal) => {
      const granted = reserve(bucket, bytes, now());
      bucket = granted.bucket;
      if (granted.waitMs > 0) await wait(granted.waitMs, signal);
    },
  };
}
