import { formatCount, formatRate } from "./count.ts";
import { humanBytes } from "./bytes.ts";
import { formatEta } from "./duration.ts";
import { fit } from "./wrap.ts";

/** A rate over roughly the last `spanMs`, weighted towards now. Reads no clock. */
export class Rate {
  readonly #spanMs: number;
  #atMs: number;
  #count = 0;
  #perMs: number | null = null;

  constructor(spanMs: number, nowMs: number) {
    this.#spanMs = spanMs;
    this.#atMs = nowMs;
  }

  /** Records that `count` are done at `nowMs`. */
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

/** The state of a job: what every progress line is made of. */
export interface Progress {
  readonly done: number;
  /** null if unknown or endless. */
  readonly total: number | null;
  /** What is counted, in the plural: `files`, `lines`, `cases`. */
  readonly noun: string;
  readonly bytes: number | null;
  /** Further details, the most important first: `5 in flight`, `2 failed`. */
  readonly details: readonly string[];
  /** What the job waits for: `the server until 14:05:10`. */
  readonly waiting: string | null;
}

/** Recent work per second. */
export interface Speed {
  readonly done: number;
  readonly bytes: number;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `width` columns, filled to a fraction of 0 to 1. */
function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, fraction)) * width * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return filled + "░".repeat(width - Bun.stringWidth(filled));
}

function countsText({ done, total, noun }: Progress): string {
  return total === null
    ? `${formatCount(done)} ${noun}`
    : `${formatCount(done)}/${formatCount(total)} ${noun}`;
}

/** The last part, never shortened: what the job waits for, else the time left. */
function ending(progress: Progress, speed: Speed): string {
  if (progress.waiting !== null) return `waiting for ${progress.waiting}`;
  if (progress.total === null || speed.done <= 0 || progress.done >= progress.total) return "";
  return `ETA ${formatEta((progress.total - progress.done) / speed.done)}`;
}

function detailsOf(progress: Progress, speed: Speed): string[] {
  const bytes =
    progress.bytes === null || progress.bytes === 0
      ? []
      : [humanBytes(progress.bytes), `${humanBytes(speed.bytes)}/s`];
  const rate = progress.bytes === null && speed.done > 0 ? [formatRate(speed.done)] : [];
  return [...rate, ...bytes, ...progress.details];
}

const BAR_WIDTHS = [24, 12, 0];
const GAP = "  ";

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(GAP);
}

/**
 * The line shown on a terminal: a bar, counts, details and the time left, in at most `columns` columns. If it is
 * too long, details are dropped from the last on, then the bar, then the noun. From 40 columns on the time left is
 * always whole.
 */
export function progressLine(progress: Progress, speed: Speed, columns: number): string {
  const counts = countsText(progress);
  const end = ending(progress, speed);
  const details = detailsOf(progress, speed);
  const widths = progress.total === null ? [0] : BAR_WIDTHS;
  for (const width of widths) {
    const drawn =
      width === 0 ? "" : bar(progress.total === 0 ? 1 : progress.done / (progress.total ?? 1), width);
    // The bar shrinks before the first two details are dropped.
    const least = width === 0 ? 0 : Math.min(2, details.length);
    for (let kept = details.length; kept >= least; kept -= 1) {
      const line = joined([drawn, counts, ...details.slice(0, kept), end]);
      if (Bun.stringWidth(line) <= columns) return line;
    }
  }
  const room = columns - (end === "" ? 0 : Bun.stringWidth(end) + GAP.length);
  const short = counts.replace(` ${progress.noun}`, "");
  const shown = Bun.stringWidth(counts) <= room ? counts : Bun.stringWidth(short) <= room ? short : "";
  return fit(joined([shown, end]), columns);
}

/** The line written to a pipe or a log at intervals: everything, in words. */
export function progressSentence(progress: Progress, speed: Speed): string {
  const { done, total, noun } = progress;
  const share = total === null || total === 0 ? "" : ` (${Math.floor((done / total) * 100)}%)`;
  const counts = total === null ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`;
  const end = ending(progress, speed);
  return [`${counts} ${noun}${share}`, ...detailsOf(progress, speed), ...(end === "" ? [] : [end])].join(
    ", ",
  );
}
