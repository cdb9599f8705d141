import { formatCount } from "../lib/format/count.ts";
import { momentText } from "../lib/format/moment.ts";
import type { Progress } from "../lib/format/progress.ts";
import type { RunProgress, Waiting } from "../upload/progress.ts";

function waitingText({ for: awaited, untilMs }: Waiting, nowMs: number): string {
  return untilMs === null ? awaited : `${awaited} until ${momentText(untilMs, nowMs)}`;
}

/** How a run stands, as a progress line tells it. */
export function syncProgress(run: RunProgress, nowMs: number): Progress {
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
