import { runCommand } from "../run.ts";

/** Counts from a console log that an ingest and a comparison must agree with, computed by awk. */
export interface AwkCounts {
  readonly lines: number;
  readonly started: number;
  readonly ended: number;
  readonly downloadSuccess: number;
  readonly downloadAll: number;
  readonly uploadSuccess: number;
  readonly uploadAll: number;
  readonly auditSuccess: number;
  readonly auditAll: number;
  readonly repairs: number;
  readonly downloadBytes: number;
  readonly uploadBytes: number;
}

/**
 * An independent count without our code: extracts fields from the text by name. Works with any prefix and
 * encoding, since it searches anywhere in a line (docker's escaped quotes are removed first).
 */
const PROGRAM = String.raw`
function text(line, a, b,   at) {
  if (match(line, "\"(" a "|" b ")\": ?\"[^\"]*\"") == 0) return ""
  at = substr(line, RSTART, RLENGTH); sub(/^"[^"]*": ?"/, "", at); sub(/"$/, "", at); return at
}
function number(line, a, b,   at) {
  if (match(line, "\"(" a "|" b ")\": ?[0-9]+") == 0) return 0
  at = substr(line, RSTART, RLENGTH); sub(/^"[^"]*": ?/, "", at); return at + 0
}
{
  lines++
  gsub(/\\"/, "\"")
  gsub(/#011/, "\t"); gsub(/\\t/, "\t")
  if ($0 !~ /piecestore/) next
  if ($0 ~ /(download|upload) started/) { started++; next }
  outcome = ""
  if ($0 ~ /[\t"](downloaded|uploaded)[\t"]/) outcome = "success"
  else if ($0 ~ /[\t"](download|upload) canceled[\t"]/) outcome = "canceled"
  else if ($0 ~ /[\t"](download|upload) failed[\t"]/) outcome = "failed"
  if (outcome == "") next
  action = text($0, "Action", "action"); size = number($0, "Size", "size"); ended++
  if (action ~ /_REPAIR$/) repairs++
  if (action == "GET" || action == "GET_REPAIR") { da++; if (outcome == "success") ds++ }
  if (action == "PUT" || action == "PUT_REPAIR") { ua++; if (outcome == "success") us++ }
  if (action == "GET_AUDIT") { aa++; if (outcome == "success") as++ }
  if (outcome == "success" && action ~ /^GET/) db += size
  if (outcome == "success" && action ~ /^PUT/) ub += size
}
END { printf "%d %d %d %d %d %d %d %d %d %d %.0f %.0f\n", lines, started, ended, ds, da, us, ua, as, aa, repairs, db, ub }
`;

export async function awkCounts(path: string): Promise<AwkCounts> {
  const { stdout, stderr, exitCode } = await runCommand(["awk", PROGRAM, path], { env: { LC_ALL: "C" } });
  if (exitCode !== 0) throw new Error(`awk failed: ${stderr}`);
  const [lines, started, ended, ds, da, us, ua, as, aa, repairs, db, ub] = stdout
    .trim()
    .split(" ")
    .map(Number);
  return {
    lines: lines ?? -1,
    started: started ?? -1,
    ended: ended ?? -1,
    downloadSuccess: ds ?? -1,
    downloadAll: da ?? -1,
    uploadSuccess: us ?? -1,
    uploadAll: ua ?? -1,
    auditSuccess: as ?? -1,
    auditAll: aa ?? -1,
    repairs: repairs ?? -1,
    downloadBytes: db ?? -1,
    uploadBytes: ub ?? -1,
  };
}

function share(part: number, all: number): number | null {
  return all === 0 ? null : (part / all) * 100;
}

/** The metrics that follow from awk's counts. */
export function metricsByAwk(counts: AwkCounts): Readonly<Record<string, number | null>> {
  return {
    success_rate_download: share(counts.downloadSuccess, counts.downloadAll),
    success_rate_upload: share(counts.uploadSuccess, counts.uploadAll),
    success_rate_audit: share(counts.auditSuccess, counts.auditAll),
    total_operations: counts.ended,
    downloads: counts.downloadAll,
    uploads: counts.uploadAll,
    audits: counts.auditAll,
    repairs: counts.repairs,
    download_bytes: counts.downloadBytes,
    upload_bytes: counts.uploadBytes,
  };
}
