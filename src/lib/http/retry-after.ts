/**
 * The wait in milliseconds that a `Retry-After` header asks for, given in seconds or as a date (RFC 9110, 10.2.3).
 * A date in the past is 0; anything else is null.
 *
 * @param nowMs milliseconds since the epoch.
 */
export function parseRetryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // Date.parse alone would take "1.5" or "2026" for a date: every form of HTTP-date starts with the day's name.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null;
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
