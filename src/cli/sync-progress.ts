import { bar, eta, Rate } from "../lib/format/progress.ts";
import type { Tally } from "../upload/tally.ts";
import type { Terminal } from "./terminal.ts";

const LINE_FILES = 10;
const LINE_MS = 2_000;
const REDRAW_MS = 100;
const RATE_SPAN_MS = 5_000;
const BAR_WIDTH = 24;

export interface SyncProgress {
  update(tally: Tally, total: number | null): void;
  /** Says the last state, and takes the bar away. */
  end(tally: Tally): void;
}

function counts(tally: Tally, total: number): string {
  const failed = tally.failures.length;
  return `${tally.processed}/${total} processed (${tally.processed - failed} synced, ${failed} failed)`;
}

/** A bar with rate and time left on a terminal; else a plain line every 10 files or 2 seconds. */
export function syncProgress(terminal: Terminal, now: () => number): SyncProgress {
  const rate = new Rate(RATE_SPAN_MS, now());
  let shownCount = 0;
  let shownMs = now();

  const plain = (tally: Tally, total: number): void => {
    shownCount = tally.processed;
    shownMs = now();
    terminal.info(`Progress: ${counts(tally, total)}`);
  };
  const redraw = (tally: Tally, total: number | null): void => {
    shownMs = now();
    rate.update(tally.processed, shownMs);
    const speed = `${rate.perSecond.toFixed(rate.perSecond < 10 ? 1 : 0)}/s`;
    const parts =
      total === null
        ? [counts(tally, tally.found), speed]
        : [
            `${bar(total === 0 ? 1 : tally.processed / total, BAR_WIDTH)} ${counts(tally, total)}`,
            speed,
            eta(total - tally.processed, rate.perSecond),
          ];
    terminal.status(parts.filter((part) => part !== "").join("  "));
  };

  return {
    update: (tally, total) => {
      if (terminal.quiet) return;
      if (terminal.stderrIsTerminal) {
        if (now() - shownMs >= REDRAW_MS) redraw(tally, total);
        return;
      }
      const isDue = tally.processed - shownCount >= LINE_FILES || now() - shownMs >= LINE_MS;
      // Without the total there is nothing to say yet: it is counted within moments.
      if (isDue && total !== null && tally.processed > shownCount) plain(tally, total);
    },
    end: (tally) => {
      if (terminal.stderrIsTerminal) terminal.status(null);
      else if (tally.processed > shownCount && !terminal.quiet) plain(tally, tally.found);
    },
  };
}
