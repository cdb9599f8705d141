import { formatCount } from "../../lib/format/count.ts";
import { momentText } from "../../lib/format/moment.ts";
import type { Progress } from "../../lib/format/progress.ts";
import type { FileEvent, RunProgress, Waiting } from "../../upload/report/progress.ts";
import type { SkipReason } from "../../upload/scan/rules.ts";
import type { Terminal } from "../terminal/terminal.ts";

function waitingText({ for: awaited, untilMs }: Waiting, nowMs: number): string {
  return untilMs === null ? awaited : `${awaited} until ${momentText(untilMs, nowMs)}`;
}

const NOTHING_YET: RunProgress = {
  found: 0,
  uploaded: 0,
  duplicateLocal: 0,
  duplicateRemote: 0,
  failed: 0,
  total: null,
  sentBytes: 0,
  inFlight: 0,
  waiting: null,
};

/** A run's progress as a progress line shows it; null before the run has started. */
export function syncProgress(begun: RunProgress | null, nowMs: number): Progress {
  const run = begun ?? NOTHING_YET;
  const { found, uploaded, duplicateLocal, duplicateRemote, failed, total, sentBytes, inFlight } = run;
  return {
    done: uploaded + duplicateLocal + duplicateRemote + failed,
    total: total === null ? null : Math.max(total, found),
    noun: "files",
    bytes: sentBytes,
    details: [
      ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
      ...(inFlight > 0 ? [`${formatCount(inFlight)} in flight`] : []),
    ],
    waiting: run.waiting === null ? null : waitingText(run.waiting, nowMs),
  };
}

const SKIPPED: Readonly<Record<SkipReason, string>> = {
  hidden: "hidden",
  "office-lock": "a lock file of an office program",
  temporary: "a temporary file",
  "not-a-cv": "not a CV by its extension",
  empty: "empty",
  "link-outside": "a link that leads out of the folder",
  "link-to-folder": "a link to a folder",
  excluded: "excluded by a pattern",
  special: "no regular file",
};

const ENDS: Readonly<Record<Exclude<FileEvent["type"], "skipped" | "failed">, string>> = {
  uploaded: "uploaded",
  "known-here": "already known here",
  "known-there": "already on the server",
};

/** With `-v`, logs the outcome of each file. */
export function fileLog(terminal: Pick<Terminal, "debug">): (event: FileEvent) => void {
  return (event) => {
    const { type, path } = event;
    switch (event.type) {
      case "skipped":
        terminal.debug(`${path}: skipped: ${SKIPPED[event.reason]}`, {
          event: type,
          path,
          reason: event.reason,
        });
        return;
      case "failed":
        terminal.debug(`${path}: failed: ${event.reason}`, { event: type, path, reason: event.reason });
        return;
      case "uploaded":
      case "known-here":
      case "known-there":
        terminal.debug(`${path}: ${ENDS[event.type]}`, { event: type, path });
    }
  };
}
