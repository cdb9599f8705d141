import { humanBytes } from "../lib/format/bytes.ts";
import type { SyncResult, Tally, UploadFailure } from "../upload/tally.ts";

/** What `--json` prints. */
export function syncResult(
  tally: Tally,
  run: { sentBytes: number; elapsedS: number; interrupted: boolean; dryRun: boolean; destination: string },
): SyncResult {
  return {
    found: tally.found,
    uploaded: tally.uploaded,
    duplicate_local: tally.duplicateLocal,
    duplicate_remote: tally.duplicateRemote,
    skipped: tally.skipped,
    failed: tally.failures.length,
    retries: tally.retries,
    sent_bytes: run.sentBytes,
    elapsed_s: run.elapsedS,
    workers_peak: tally.workersPeak,
    interrupted: run.interrupted,
    dry_run: run.dryRun,
    destination: run.destination,
    failures: tally.failures,
  };
}

/** The result of a run that could not begin: nothing is known of the tree. */
export function unknownResult(run: { elapsedS: number; dryRun: boolean; destination: string }): SyncResult {
  return {
    found: null,
    uploaded: 0,
    duplicate_local: 0,
    duplicate_remote: 0,
    skipped: null,
    failed: 0,
    retries: 0,
    sent_bytes: 0,
    elapsed_s: run.elapsedS,
    workers_peak: 0,
    interrupted: false,
    dry_run: run.dryRun,
    destination: run.destination,
    failures: [],
  };
}

/** Failures named in a text result; the rest is counted. */
const FAILURES_SHOWN = 20;

function failureLine({ path, reason, status }: UploadFailure): string {
  const told = status === null || reason.includes(String(status)) ? reason : `${reason} (HTTP ${status})`;
  return `  ${path}: ${told}`;
}

function seconds(elapsedS: number): string {
  return elapsedS < 10 ? `${elapsedS.toFixed(1)}s` : `${Math.round(elapsedS)}s`;
}

/** The summary for people. */
export function syncText(result: SyncResult): string {
  const { found, uploaded, failed, destination } = result;
  const head = result.dry_run
    ? `${uploaded} of ${found ?? 0} CVs would be uploaded to ${destination}`
    : `${uploaded} of ${found ?? 0} CVs uploaded to ${destination} in ${seconds(result.elapsed_s)}, ${humanBytes(result.sent_bytes)} sent`;
  const parts = [
    `${result.duplicate_local} already known here`,
    ...(result.dry_run ? [] : [`${result.duplicate_remote} already on the server`]),
    `${failed} failed`,
    `${result.skipped ?? 0} other files skipped`,
  ];
  if (result.retries > 0) parts.push(`${result.retries} ${result.retries === 1 ? "retry" : "retries"}`);
  const lines = [`${head}; ${parts.join(", ")}.`];
  if (result.interrupted)
    lines.push("Interrupted: run it again to go on; what was uploaded is not sent again.");
  if (failed > 0) {
    lines.push("Failed:", ...result.failures.slice(0, FAILURES_SHOWN).map(failureLine));
    if (failed > FAILURES_SHOWN) lines.push(`  … and ${failed - FAILURES_SHOWN} more: --json names them all`);
  }
  return lines.join("\n");
}
