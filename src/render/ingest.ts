import { formatCount, plural } from "../lib/format/count.ts";
import { formatElapsed } from "../lib/format/duration.ts";
import { escapeText } from "../lib/format/escape.ts";

/** What an ingest reports: the contract's keys and some more. */
export interface IngestReport {
  readonly node: string;
  readonly files: number;
  readonly lines: number;
  readonly events: number;
  readonly started: number;
  readonly facts: number;
  readonly known: number;
  readonly ignored: number;
  readonly malformed: number;
  readonly elapsedS: number;
  readonly malformedSamples: readonly string[];
  readonly failures: readonly { path: string; reason: string }[];
  readonly imported: number | null;
  readonly api: readonly { url: string; reachable: boolean; reason: string | null }[];
  readonly pruned: number;
  readonly interrupted: boolean;
}

export function ingestJson(report: IngestReport): object {
  const { elapsedS, malformedSamples, ...rest } = report;
  return { ...rest, elapsed_s: elapsedS, malformed_samples: malformedSamples };
}

/** One line for people: what was new and what was not. */
export function ingestText(report: IngestReport): string {
  const { node, events, lines, elapsedS } = report;
  const parts = [
    `${formatCount(events)} new events`,
    report.started > 0 ? `${formatCount(report.started)} starts` : "",
    report.facts > 0 ? `${formatCount(report.facts)} facts` : "",
    report.known > 0 ? `${formatCount(report.known)} lines already known` : "",
    report.ignored > 0 ? `${formatCount(report.ignored)} ignored` : "",
    report.malformed > 0 ? `${formatCount(report.malformed)} malformed` : "",
    report.imported !== null ? `${formatCount(report.imported)} imported from storj_monitor` : "",
    report.pruned > 0 ? `${formatCount(report.pruned)} old events pruned` : "",
  ].filter((part) => part !== "");
  const rate = elapsedS > 0 ? `, ${formatCount(Math.round(lines / elapsedS))} lines/s` : "";
  return `${escapeText(node)}: ${parts.join(", ")}; ${plural(lines, "line")} in ${formatElapsed(elapsedS)}${rate}`;
}
