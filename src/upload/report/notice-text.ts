import { formatCount } from "../../lib/format/count.ts";
import { momentText } from "../../lib/format/moment.ts";
import type { Notice } from "../plan/actions.ts";

/** The run's clock and the wall clock at one moment, in milliseconds. */
export interface Now {
  readonly runMs: number;
  readonly unixMs: number;
}

export function clocks(): Now {
  return { runMs: performance.now(), unixMs: Date.now() };
}

/** Converts a moment of the run's clock to the wall clock (ms since the epoch). */
export function unixOf(runMs: number, now: Now): number {
  return now.unixMs + (runMs - now.runMs);
}

/** A notice as one line. Words of the server are included as they are: whoever prints the line escapes it. */
export function noticeText(
  notice:
    | Notice
    | { readonly type: "store-locked"; readonly untilMs: number }
    | { readonly type: "renamed"; readonly files: number },
  now: Now,
): string {
  switch (notice.type) {
    case "store-locked":
      return `another program has locked the store; waiting for it until ${momentText(unixOf(notice.untilMs, now), now.unixMs)}`;
    case "renamed": {
      const files =
        notice.files === 1
          ? "1 file has a path that is"
          : `${formatCount(notice.files)} files have paths that are`;
      return `${files} not valid UTF-8; what is not is sent as \uFFFD`;
    }
    case "away":
      return `the server accepts no uploads right now (${notice.reason}); waiting for it`;
    case "back":
      return "the server answers again; continuing";
    case "paused":
      return `the server accepts no more uploads for now (${notice.reason}); continuing at ${momentText(unixOf(notice.untilMs, now), now.unixMs)}`;
    case "share-away": {
      const until =
        notice.untilMs === Infinity
          ? "until it is back"
          : `until ${momentText(unixOf(notice.untilMs, now), now.unixMs)} at most`;
      return `the shared store does not answer (${notice.reason}); no upload begins without it; waiting ${until}`;
    }
    case "share-back":
      return "the shared store answers again; continuing";
    case "share-settling":
      return `the shared store was emptied, restarted or replaced; other machines may still be sending, so uploads continue at ${momentText(unixOf(notice.untilMs, now), now.unixMs)}`;
    case "unaskable":
      return `${notice.file.path} may or may not have been stored (${notice.because.reason}), and the server cannot be asked, so it is not sent again automatically; if it is missing there, forget it (nodupe history forget) and run again`;
  }
}
