const pad = (value: number): string => String(value).padStart(2, "0");

const DAY_MS = 86_400_000;

/** `2026-11-27 14:05`, in local time. */
export function dateText(atMs: number): string {
  const at = new Date(atMs);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** A moment in local time: `14:05:10` if within a day of now, else `2026-11-27 14:05`. */
export function momentText(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  if (Math.abs(atMs - nowMs) >= DAY_MS) return dateText(atMs);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** ISO 8601 in UTC, as JSON gives it. */
export function isoOrNull(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
