const pad = (value: number): string => String(value).padStart(2, "0");

const DAY_MS = 86_400_000;

/** A moment as this machine's clock shows it: `14:05:10` within a day of now, else `2026-11-27 14:05`. */
export function momentText(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  if (Math.abs(atMs - nowMs) < DAY_MS) return `${time}:${pad(at.getSeconds())}`;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}
