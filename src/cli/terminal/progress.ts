import { type Progress, progressLine, progressSentence, Rate } from "../../lib/format/progress.ts";
import type { Terminal } from "./terminal.ts";

/** On a terminal the line is redrawn every second, to show that the program is alive. */
const REDRAW_MS = 1_000;
/** Elsewhere (a pipe, a cron mail, a journal) an occasional line is enough. */
const PLAIN_MS = 10_000;
const RATE_SPAN_MS = 5_000;

export interface ProgressDisplay extends Disposable {
  /** Redraws now if a redraw is due: for jobs that keep the event loop busy. */
  tick(): void;
  /** The job has moved on to something else, which a terminal shows at once. */
  changed(): void;
  /** Removes the line before the result is printed; so does disposing. */
  end(): void;
}

export interface ProgressOptions {
  /**
   * What the rate and the time left go by: what was done recently (by default), or what was done since the beginning,
   * where each of a few items takes many seconds.
   */
  readonly pace?: "recent" | "whole";
  /** In milliseconds, from any moment on. */
  readonly now?: () => number;
}

/** Shows a job's progress until disposed of: redrawn on a terminal, an occasional line elsewhere. */
export function showProgress(
  terminal: Pick<Terminal, "canRedraw" | "columns" | "quiet" | "info" | "status">,
  stand: () => Progress,
  { pace = "recent", now = () => performance.now() }: ProgressOptions = {},
): ProgressDisplay {
  const begin = now();
  const rates = { done: new Rate(RATE_SPAN_MS, begin), bytes: new Rate(RATE_SPAN_MS, begin) };
  const everyMs = terminal.canRedraw ? REDRAW_MS : PLAIN_MS;
  let shownMs = begin;

  const draw = (): void => {
    const nowMs = now();
    shownMs = nowMs;
    const progress = stand();
    rates.done.update(progress.done, nowMs);
    rates.bytes.update(progress.bytes ?? 0, nowMs);
    const done =
      pace === "recent" ? rates.done.perSecond : (progress.done / Math.max(1, nowMs - begin)) * 1_000;
    const speed = { done, bytes: rates.bytes.perSecond };
    if (terminal.canRedraw) terminal.status(progressLine(progress, speed, terminal.columns - 1));
    else terminal.info(`Progress: ${progressSentence(progress, speed)}`);
  };
  const timer = terminal.quiet ? null : setInterval(draw, everyMs);
  timer?.unref();

  const end = (): void => {
    if (timer !== null) clearInterval(timer);
    terminal.status(null);
  };

  return {
    tick: () => {
      if (timer !== null && now() - shownMs >= everyMs) draw();
    },
    changed: () => {
      if (terminal.canRedraw) draw();
    },
    end,
    [Symbol.dispose]: end,
  };
}
