import { createCollector } from "../../lib/engine.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { addCounts, createCounts, type IngestCounts } from "./counts.ts";
import { createEvents, type Events } from "../log/events.ts";
import type { Ingestion } from "./ingestion.ts";
import { StoredLines } from "./line-dedupe.ts";
import { pairLines, pushAbandoned, rowIdentity, settleRaceLost } from "./pairing.ts";
import { BATCH_LINES, type Fact, type ParsedLines } from "../log/parsed-lines.ts";
import { addEvents, addLine, createRollup, type Rollup } from "../store/rollup.ts";
import { HOUR_MS } from "../log/vocabulary.ts";

/** Lines whose identities a checkpoint remembers. */
const RECENT_LINES = 256;
/** Garbage is collected, for boards with 512 MB, where memory has grown by so much; looked at after so many lines. */
const COLLECT_FROM_BYTES = 4 * 1_048_576;
const LINES_A_LOOK = 65_536;

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

/**
 * The roll-ups of a batch, by hour: of its fresh lines what they cover and their levels, of its events the rest. Both
 * come nearly in order, so that a run of one hour is taken together.
 */
function hoursOf(lines: ParsedLines, fresh: Uint8Array, events: Events): Map<number, Rollup> {
  const hours = new Map<number, Rollup>();
  const at = (startMs: number): Rollup => {
    let found = hours.get(startMs);
    if (found === undefined) hours.set(startMs, (found = createRollup()));
    return found;
  };
  forRuns(lines.timeMs, lines.count, (startMs, from, until) => {
    let rollup: Rollup | null = null;
    for (let row = from; row < until; row += 1) {
      if (fresh[row] === 0) continue;
      rollup ??= at(startMs);
      addLine(rollup.summary, lines.timeMs[row] ?? 0, lines.level[row] ?? 0);
    }
  });
  forRuns(events.timeMs, events.count, (startMs, from, until) => {
    addEvents(at(startMs), events, from, until);
  });
  return hours;
}

/** Calls `take` for each run of rows that lie in one hour, with the hour's first millisecond. */
function forRuns(
  timeMs: Float64Array,
  count: number,
  take: (startMs: number, from: number, until: number) => void,
): void {
  for (let from = 0; from < count;) {
    const startMs = hourOf(timeMs[from] ?? 0);
    const endMs = startMs + HOUR_MS;
    let until = from + 1;
    while (until < count && (timeMs[until] ?? 0) >= startMs && (timeMs[until] ?? 0) < endMs) until += 1;
    take(startMs, from, until);
    from = until;
  }
}

/** The time of the newest fresh line; null where none is fresh. */
function newestOf(lines: ParsedLines, fresh: Uint8Array): number | null {
  let newestMs = -Infinity;
  for (let row = 0; row < lines.count; row += 1) {
    const timeMs = lines.timeMs[row] ?? 0;
    if (timeMs > newestMs && fresh[row] === 1) newestMs = timeMs;
  }
  return newestMs === -Infinity ? null : newestMs;
}

/** Takes the parsed lines of one source, in order, and stores a batch of them in one transaction. */
export class BatchIngest {
  readonly counts: IngestCounts = createCounts();
  readonly #to: Ingestion;
  readonly #known: StoredLines;
  /** An end may leave an abandoned start beside its event, and the stale ones come on top. */
  readonly #events: Events;
  readonly #fresh = new Uint8Array(BATCH_LINES);
  #recent: number[];
  readonly #collect = createCollector({ every: LINES_A_LOOK, fromGrowthBytes: COLLECT_FROM_BYTES });

  /** `own`: identities of the source's own lines just before the place where it is taken up. */
  constructor(to: Ingestion, own: readonly number[]) {
    this.#to = to;
    this.#recent = [...own];
    this.#events = createEvents(BATCH_LINES * 2 + to.limits.maxOpen + 64);
    to.writer.startFile();
    this.#known = new StoredLines({
      db: to.db,
      nodeId: to.node.id,
      open: to.state.open,
      own,
      onDamage: (startMs) => to.tellDamagedEvents([startMs]),
    });
    to.state.open.startRound();
  }

  /**
   * Stores `lines`. `isRest`: no more lines follow, so that what waited for another line is settled. `checkpoint` is asked
   * once the lines are counted, with the identities of the last of them.
   */
  commit(
    lines: ParsedLines,
    how: { readonly isRest: boolean; readonly checkpoint: (recent: Float64Array) => Checkpoint | null },
  ): void {
    const { state, satellites, limits, writer } = this.#to;
    const events = this.#events;
    events.count = 0;
    const fresh = this.#fresh;
    const paired = pairLines(lines, state, events, {
      known: this.#known,
      satelliteIds: satellites.idsOf(lines.satellites),
      fresh,
    });
    const newestMs = newestOf(lines, fresh);
    if (how.isRest) settleRaceLost(Infinity, { state, into: events, counts: paired });
    if (newestMs !== null || how.isRest) {
      const limitMs = (newestMs ?? -Infinity) - limits.openLimit;
      for (const stale of state.open.takeStale(limitMs, limits.maxOpen)) pushAbandoned(events, stale);
    }
    const hours = hoursOf(lines, fresh, events);
    const facts: (Fact & { satelliteId: number })[] = [];
    let knownFacts = 0;
    for (const fact of lines.facts) {
      if (this.#known.takeFact(fact.identity)) knownFacts += 1;
      else
        facts.push({ ...fact, satelliteId: fact.satellite === null ? 0 : satellites.idOf(fact.satellite) });
    }
    const batch: IngestCounts = {
      lines: lines.lines,
      events: paired.events,
      started: paired.started,
      facts: facts.length,
      known: paired.known + knownFacts,
      ignored: lines.ignored + paired.ignored,
      malformed: lines.malformed,
      malformedOperations: lines.malformedOperations,
      malformedSamples: lines.malformedSamples,
    };
    addCounts(this.counts, batch);
    if (batch.malformed < batch.lines) this.#to.markUsed();
    this.#remember(lines);
    const checkpoint = how.checkpoint(new Float64Array(this.#recent));
    writer.commit({ events, hours, facts, state, newestMs, checkpoint });
    if (lines.count > 0) this.#to.pruneAlong(hourOf(lines.timeMs[lines.count - 1] ?? 0));
    this.#collect(lines.lines);
  }

  /** Keeps the identities of the last lines, for the checkpoint. */
  #remember(lines: ParsedLines): void {
    for (let row = Math.max(0, lines.count - RECENT_LINES); row < lines.count; row += 1) {
      this.#recent.push(rowIdentity(lines, row));
    }
    for (const fact of lines.facts.slice(-RECENT_LINES)) this.#recent.push(fact.identity);
    this.#recent = this.#recent.slice(-RECENT_LINES);
  }
}
