import { momentText } from "../lib/format/moment.ts";
import type { Notice } from "./plan/actions.ts";

/** The run's clock and the wall clock at one moment, in milliseconds. */
export interface Now {
  readonly runMs: number;
  readonly unixMs: number;
}

/** When a moment of the run's clock is by the wall clock (ms since the epoch). */
export function unixOf(runMs: number, now: Now): number {
  return now.unixMs + (runMs - now.runMs);
}

/** What a person is told, in a line. Words of the server go in as they are: who prints a line escapes it. */
export function noticeText(
  notice: Notice | { readonly type: "store-locked"; readonly untilMs: number },
  now: Now,
): string {
  switch (notice.type) {
    case "store-locked":
      return `another program has the store locked: waiting for it until ${momentText(unixOf(notice.untilMs, now), now.unixMs)}`;
    case "away":
      return `the server does not take uploads now (${notice.reason}): waiting for it`;
    case "back":
      return "the server answers again: going on";
    case "paused":
      return `the server takes no more for now (${notice.reason}): going on at ${momentText(unixOf(notice.untilMs, now), now.unixMs)}`;
    case "share-away": {
      const until =
        notice.untilMs === Infinity
          ? "until it is back"
          : `until ${momentText(unixOf(notice.untilMs, now), now.unixMs)} at most`;
      return `the shared store does not answer (${notice.reason}): no upload begins without it; waiting ${until}`;
    }
    case "share-back":
      return "the shared store answers again: going on";
    case "share-settling":
      return `the shared store is not the one that it was: it was emptied, restarted or replaced; other machines may still be sending, so uploads go on at ${momentText(unixOf(notice.untilMs, now), now.unixMs)}`;
    case "unaskable":
      return `${notice.file.path} may have been stored or not (${notice.because.reason}), and the server cannot be asked: it is not sent again by itself; where it is missing there, forget it (nodupe history forget) and run again`;
  }
}
