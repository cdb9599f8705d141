const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1.5s`, `90m`, `250ms` → milliseconds; null if the text is not a duration. */
export function parseDurationMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h|d)$/.exec(text.trim());
  const unit = UNIT_MS[match?.[2] ?? ""];
  if (match === null || unit === undefined) return null;
  const ms = Number(match[1]) * unit;
  return Number.isFinite(ms) ? ms : null;
}

/** Milliseconds → the shortest text that parses back to them (`90000` → `90s`, `3600000` → `1h`). */
export function formatDurationMs(ms: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const size = UNIT_MS[unit] ?? 1;
    if (ms >= size && Number.isInteger(ms / size)) return `${ms / size}${unit}`;
  }
  const isExact = (ms / 1_000) * 1_000 === ms;
  return ms >= 1_000 && isExact ? `${ms / 1_000}s` : `${ms}ms`;
}

/** Seconds for a progress line: `42s`, `3m07s`, `2h05m`. */
export function formatEta(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3_600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3_600)}h${pad(Math.floor((whole % 3_600) / 60))}m`;
}

/** Elapsed seconds for people: `0.3s`, `42s`, `3m07s`. */
export function formatElapsed(seconds: number): string {
  return seconds < 9.95 ? `${seconds.toFixed(1)}s` : formatEta(seconds);
}

/** A measured number of seconds in the unit that suits it: `2.00 days`, `1.500 s`, `12.345 ms`, `3.1 µs`. */
export function formatQuantity(seconds: number): string {
  const size = Math.abs(seconds);
  if (size >= 86_400) return `${(seconds / 86_400).toFixed(2)} days`;
  if (size >= 1) return `${seconds.toFixed(3)} s`;
  if (size >= 1e-3) return `${(seconds * 1e3).toFixed(3)} ms`;
  return `${(seconds * 1e6).toFixed(1)} µs`;
}

/** Milliseconds → nanoseconds. */
export function nsOfMs(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
