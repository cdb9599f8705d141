import { humanBytes } from "../lib/format/bytes.ts";
import { formatCount, plural } from "../lib/format/count.ts";
import { formatElapsed } from "../lib/format/duration.ts";
import { escapeText } from "../lib/format/escape.ts";
import { dateText } from "../lib/format/moment.ts";
import { CV_TYPES } from "../upload/tanova/cv-types.ts";
import type { SyncError } from "../upload/report/sync-error.ts";
import type { SyncResult, Tally, UploadFailure } from "../upload/report/tally.ts";

/** What `--json` prints. */
export function syncResult(tally: Tally, run: Parameters<Tally["totals"]>[0]): SyncResult {
  return { ...tally.totals(run), failures: tally.failures };
}

/** The result of a run that could not start: nothing is known about the tree. */
export function unknownResult(run: {
  elapsedS: number;
  error: SyncError;
  dryRun: boolean;
  destination: string;
}): SyncResult {
  return {
    found: null,
    uploaded: 0,
    duplicate_local: 0,
    duplicate_remote: 0,
    skipped: null,
    failed: 0,
    pending: 0,
    retries: 0,
    sent_bytes: 0,
    elapsed_s: run.elapsedS,
    workers_peak: 0,
    interrupted: false,
    error: run.error,
    dry_run: run.dryRun,
    destination: run.destination,
    failures: [],
  };
}

const TYPES = Object.keys(CV_TYPES).join(", ");

/** Failures listed in a text result; the rest are only counted. */
const FAILURES_SHOWN = 20;

function failureLine({ path, reason, status }: UploadFailure): string {
  const withStatus =
    status === null || reason.includes(String(status)) ? reason : `${reason} (HTTP ${status})`;
  return `  ${escapeText(`${path}: ${withStatus}`)}`;
}

/** The number of CVs found by outcome, in words; the numbers add up. */
function outcomes(result: SyncResult): string {
  const { uploaded, duplicate_local: here, duplicate_remote: there, failed, pending } = result;
  return [
    `${formatCount(uploaded)} ${result.dry_run ? "to be uploaded" : "uploaded"}`,
    `${formatCount(here)} already known here`,
    ...(result.dry_run ? [] : [`${formatCount(there)} already on the server`]),
    `${formatCount(failed)} failed`,
    ...(pending > 0 ? [`${formatCount(pending)} left for the next run`] : []),
  ].join(", ");
}

/** The summary for people. */
export function syncText(result: SyncResult): string {
  const { found, failed, skipped, retries, destination } = result;
  const head = `${plural(found ?? 0, "CV")} for ${destination}: ${outcomes(result)}.`;
  const notes = [
    ...(result.dry_run
      ? []
      : [`${humanBytes(result.sent_bytes)} sent in ${formatElapsed(result.elapsed_s)}`]),
    ...(retries > 0 ? [plural(retries, "retry", "retries")] : []),
    ...(skipped !== null && skipped > 0 ? [`${plural(skipped, "other file")} skipped`] : []),
  ];
  const lines = [notes.length === 0 ? head : `${head} ${notes.join(", ")}.`];
  if (found === 0) lines.push(`No CVs found: nodupe uploads ${TYPES} files that are not empty.`);
  if (result.interrupted)
    lines.push("Interrupted. Run it again to continue: nothing that was uploaded is sent again.");
  if (failed > 0) {
    lines.push("Failed:", ...result.failures.slice(0, FAILURES_SHOWN).map(failureLine));
    if (failed > FAILURES_SHOWN)
      lines.push(`  … and ${formatCount(failed - FAILURES_SHOWN)} more: --json names them all`);
  }
  return lines.join("\n");
}

/** Why a run could not go on, and what follows from it. `pending`: the number of CVs left for the next run. */
export function stopText(error: SyncError, pending: number): string {
  if (!("until" in error)) return error.reason;
  const rest = `${plural(pending, "CV")} left for the next run`;
  if (error.until === null) return `the server has accepted nothing for too long (${error.reason}); ${rest}`;
  return `the server accepts nothing before ${dateText(Date.parse(error.until))} (${error.reason}); ${rest}`;
}
