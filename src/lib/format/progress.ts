import { formatEta } from "./duration.ts";

/** The rate of something over about its last `spanMs`, weighted towards now; pure but for what it is told. */
export class Rate {
  readonly #spanMs: number;
  #atMs: number;
  #count = 0;
  #perMs: number | null = null;

  constructor(spanMs: number, nowMs: number) {
    this.#spanMs = spanMs;
    this.#atMs = nowMs;
  }

  /** Takes note that `count` are done by now. */
  update(count: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#atMs;
    if (elapsedMs <= 0) return;
    const perMs = (count - this.#count) / elapsedMs;
    const weight = 1 - Math.exp(-elapsedMs / this.#spanMs);
    this.#perMs = this.#perMs === null ? perMs : this.#perMs + weight * (perMs - this.#perMs);
    this.#atMs = nowMs;
    this.#count = count;
  }

  get perSecond(): number {
    return (this.#perMs ?? 0) * 1000;
  }
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `width` columns, filled to a fraction of 0 to 1. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, fraction)) * width * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return filled + "░".repeat(width - Bun.stringWidth(filled));
}

/** Time left at a rate, as text; "" where nothing is known of it. */
export function eta(left: number, perSecond: number): string {
  return perSecond <= 0 ? "" : `ETA ${formatEta(left / perSecond)}`;
}
