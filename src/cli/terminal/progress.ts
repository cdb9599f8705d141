import { type Progress, progressLine, progressSentence, Rate } from "../../lib/format/progress.ts";
import type { Terminal } from "./terminal.ts";

/** A terminal's line moves every second, so that it is seen to be alive. */
const REDRAW_MS = 1_000;
/** Elsewhere (a pipe, a cron mail, a journal) a line every so often is enough. */
const PLAIN_MS = 10_000;
const RATE_SPAN_MS = 5_000;

export interface ProgressDisplay extends Disposable {
  /** Asks how the job stands and draws it now, where a redraw is due: for jobs that keep the event loop busy. */
  tick(): void;
  /** Something else is under way: a terminal shows it at once. */
  changed(): void;
  /** Takes the line away before the result is printed; disposing does too. */
  end(): void;
}

/** Shows how a job stands until it is disposed of: redrawn on a terminal, a line now and then elsewhere. */
export function showProgress(terminal: Terminal, stand: () => Progress): ProgressDisplay {
  const begin = performance.now();
  const rates = { done: new Rate(RATE_SPAN_MS, begin), bytes: new Rate(RATE_SPAN_MS, begin) };
  const everyMs = terminal.canRedraw ? REDRAW_MS : PLAIN_MS;
  let shownMs = begin;

  const draw = (): void => {
    const nowMs = performance.now();
    shownMs = nowMs;
    const progress = stand();
    rates.done.update(progress.done, nowMs);
    rates.bytes.update(progress.bytes ?? 0, nowMs);
    const speed = { done: rates.done.perSecond, bytes: rates.bytes.perSecond };
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
      if (timer !== null && performance.now() - shownMs >= everyMs) draw();
    },
    changed: () => {
      if (terminal.canRedraw) draw();
    },
    end,
    [Symbol.dispose]: end,
  };
}
