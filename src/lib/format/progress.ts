import { formatCount, formatRate } from "./count.ts";
import { humanBytes } from "./bytes.ts";
import { formatEta } from "./duration.ts";
import { fit } from "./wrap.ts";

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

/** How a job stands, in its own words for things: what every progress line is made of. */
export interface Progress {
  readonly done: number;
  /** null where it is not known, or there is no end. */
  readonly total: number | null;
  /** What is counted, in the plural: `files`, `lines`, `cases`. */
  readonly noun: string;
  readonly bytes: number | null;
  /** More to say, the most telling first: `5 in flight`, `2 failed`. */
  readonly details: readonly string[];
  /** What is waited for: `the server until 14:05:10`. */
  readonly waiting: string | null;
}

/** What a job has done a second, lately. */
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

/** What is said last, and always whole: what is waited for, else the time left. */
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
 * The line that a terminal shows: a bar, counts, details and the time left, in at most `columns` columns. What does not
 * fit goes: details from the last on, then the bar, then the counts' noun. From 40 columns on the time left is whole.
 */
export function progressLine(progress: Progress, speed: Speed, columns: number): string {
  const counts = countsText(progress);
  const end = ending(progress, speed);
  const details = detailsOf(progress, speed);
  const widths = progress.total === null ? [0] : BAR_WIDTHS;
  for (const width of widths) {
    const drawn =
      width === 0 ? "" : bar(progress.total === 0 ? 1 : progress.done / (progress.total ?? 1), width);
    // A bar is worth less than the first details: it shrinks before they go.
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

/** The line that a pipe or a log gets every so often: everything, in words. */
export function progressSentence(progress: Progress, speed: Speed): string {
  const { done, total, noun } = progress;
  const share = total === null || total === 0 ? "" : ` (${Math.floor((done / total) * 100)}%)`;
  const counts = total === null ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`;
  const end = ending(progress, speed);
  return [`${counts} ${noun}${share}`, ...detailsOf(progress, speed), ...(end === "" ? [] : [end])].join(
    ", ",
  );
}
