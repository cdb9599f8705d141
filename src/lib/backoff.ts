/** How retries are spaced. All times in milliseconds. */
export interface BackoffPolicy {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Exponential backoff with full jitter: uniform in [0, min(maxMs, baseMs × 2^attempt)).
 *
 * @param attempt 0 for the wait before the first retry.
 * @param random uniform in [0, 1). Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(
  policy: BackoffPolicy,
  attempt: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(policy.maxMs, policy.baseMs * 2 ** attempt);
}
