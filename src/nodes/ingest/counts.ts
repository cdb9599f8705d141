import { formatCount, plural } from "../../lib/format/count.ts";
/** How many lines of a source were of which sort; `lines` is the sum of the six fields after it. */
export interface IngestCounts {
  lines: number;
  events: number;
  started: number;
  facts: number;
  known: number;
  ignored: number;
  malformed: number;
  /** Malformed lines from the logger of operations. */
  malformedOperations: number;
  malformedSamples: string[];
}

const SAMPLES_KEPT = 3;

export function createCounts(): IngestCounts {
  return {
    lines: 0,
    events: 0,
    started: 0,
    facts: 0,
    known: 0,
    ignored: 0,
    malformed: 0,
    malformedOperations: 0,
    malformedSamples: [],
  };
}

export function addCounts(to: IngestCounts, from: IngestCounts): void {
  to.lines += from.lines;
  to.events += from.events;
  to.started += from.started;
  to.facts += from.facts;
  to.known += from.known;
  to.ignored += from.ignored;
  to.malformed += from.malformed;
  to.malformedOperations += from.malformedOperations;
  to.malformedSamples = [...to.malformedSamples, ...from.malformedSamples].slice(0, SAMPLES_KEPT);
}

export function sumOf(...parts: readonly IngestCounts[]): IngestCounts {
  const sum = createCounts();
  for (const part of parts) addCounts(sum, part);
  return sum;
}

/**
 * Why a source with these counts is not a log that we can read; null if it is one, or is empty. A log with only
 * malformed operations has an unknown format, even if other lines were understood.
 */
export function whyNothingUnderstood(counts: IngestCounts): string | null {
  const { events, started, facts, known, ignored, malformed, malformedOperations } = counts;
  const understood = events + started + facts + known;
  if (malformedOperations > 0 && understood === 0) {
    return `none of its piecestore lines (${formatCount(malformedOperations)}) was understood: nodupe does not know this log format; please report it with a few of its lines`;
  }
  if (malformed > 0 && understood + ignored === 0) {
    return `nothing in it (${plural(malformed, "line")}) was understood: this is not a storage node's log`;
  }
  return null;
}
