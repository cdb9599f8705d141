/**
 * Caches the result of an expensive function. It is computed again only when the last computation took no more than
 * `share` of the time since it ended. `now` is in milliseconds.
 */
export function seldom<T>(
  compute: () => T,
  share: number,
  now: () => number = () => performance.now(),
): () => T {
  let kept: { readonly value: T; readonly untilMs: number } | null = null;
  return () => {
    const startedMs = now();
    if (kept !== null && startedMs < kept.untilMs) return kept.value;
    const value = compute();
    const endedMs = now();
    kept = { value, untilMs: endedMs + (endedMs - startedMs) / share };
    return value;
  };
}
