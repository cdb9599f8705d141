import { createCollector } from "../../lib/engine.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { addCounts, createCounts, type IngestCounts } from "./counts.ts";
import { createEvents, type Events } from "../log/events.ts";
import type { Ingestion } from "./ingestion.ts";
import { StoredLines } from "./line-dedupe.ts";
import { pairLines, pushAbandoned, rowIdentity, settleRaceLost } from "./pairing.ts";
import { BATCH_LINES, type Fact, type ParsedLines } from "../log/parsed-lines.ts";
import { addEvents, addLines, createRollup, type Rollup } from "../store/rollup.ts";
import { HOUR_MS } from "../log/vocabulary.ts";

/** The number of lines whose identities a checkpoint remembers. */
const RECENT_LINES = 256;
/**
 * Garbage is collected whenever memory has grown by this much, for boards with 512 MB; checked after this many lines.
 */
const COLLECT_FROM_BYTES = 2 * 1_048_576;
const LINES_A_LOOK = 65_536;
/** The most lines that one transaction stores. */
const COMMIT_LINES = 8 * BATCH_LINES;

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

function rollupAt(hours: Map<number, Rollup>, startMs: number): Rollup {
  let found = hours.get(startMs);
  if (found === undefined) hours.set(startMs, (found = createRollup()));
  return found;
}

/** Adds the time span and levels of fresh lines to the roll-ups of their hours. */
function addFreshLines(hours: Map<number, Rollup>, lines: ParsedLines, fresh: Uint8Array): void {
  forRuns(lines.timeMs, lines.count, (startMs, first, until) => {
    // An hour in which all lines are known is not written.
    const fromFresh = fresh.indexOf(1, first);
    if (fromFresh < 0 || fromFresh >= until) return;
    addLines(rollupAt(hours, startMs).summary, lines, fresh, fromFresh, until);
  });
}

/**
 * Calls `take` for each run of rows in [0, end) that are in the same hour, with the start of that hour in ms. Lines and
 * events are nearly in order, so there are about as many runs as hours.
 */
function forRuns(
  timeMs: Float64Array,
  end: number,
  take: (startMs: number, from: number, until: number) => void,
): void {
  for (let from = 0; from < end;) {
    const startMs = hourOf(timeMs[from] ?? 0);
    const endMs = startMs + HOUR_MS;
    let until = from + 1;
    while (until < end && (timeMs[until] ?? 0) >= startMs && (timeMs[until] ?? 0) < endMs) until += 1;
    take(startMs, from, until);
    from = until;
  }
}

/** The time of the newest fresh line; -Infinity if none is fresh. */
function newestOf(lines: ParsedLines, fresh: Uint8Array): number {
  let newestMs = -Infinity;
  for (let row = 0; row < lines.count; row += 1) {
    const timeMs = lines.timeMs[row] ?? 0;
    if (timeMs > newestMs && fresh[row] === 1) newestMs = timeMs;
  }
  return newestMs;
}

/** What was read but is not stored yet. */
interface Pending {
  lines: number;
  readonly hours: Map<number, Rollup>;
  readonly facts: (Fact & { readonly satelliteId: number })[];
  newestMs: number;
  /** The time of the last line. */
  lastMs: number | null;
}

function nothingPending(): Pending {
  return { lines: 0, hours: new Map(), facts: [], newestMs: -Infinity, lastMs: null };
}

/**
 * Takes the parsed lines of one source, in order, and stores them. Several batches share a transaction, because each
 * transaction rewrites its roll-ups.
 */
export class BatchIngest {
  readonly counts: IngestCounts = createCounts();
  readonly #to: Ingestion;
  readonly #known: StoredLines;
  /** Has room for an event and an abandoned start for each end, and for the stale starts. */
  readonly #events: Events;
  readonly #fresh = new Uint8Array(BATCH_LINES);
  #pending = nothingPending();
  #recent: number[];
  readonly #collect = createCollector({ every: LINES_A_LOOK, fromGrowthBytes: COLLECT_FROM_BYTES });

  /** `own`: identities of the source's own lines just before the place where reading resumes. */
  constructor(to: Ingestion, own: readonly number[]) {
    this.#to = to;
    this.#recent = [...own];
    this.#events = createEvents(COMMIT_LINES * 3 + to.limits.maxOpen + 64);
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

  /** Whether there is anything to store. */
  get isPending(): boolean {
    return this.#pending.lines > 0;
  }

  /** Adds lines; true if so many are waiting that they must be stored before more are added. */
  add(lines: ParsedLines): boolean {
    const { state, satellites } = this.#to;
    const events = this.#events;
    const fresh = this.#fresh;
    const pending = this.#pending;
    const paired = pairLines(lines, state, events, {
      known: this.#known,
      satelliteIds: satellites.idsOf(lines.satellites),
      fresh,
    });
    pending.newestMs = Math.max(pending.newestMs, newestOf(lines, fresh));
    addFreshLines(pending.hours, lines, fresh);
    let knownFacts = 0;
    for (const fact of lines.facts) {
      if (this.#known.takeFact(fact.identity)) knownFacts += 1;
      else {
        const satelliteId = fact.satellite === null ? 0 : satellites.idOf(fact.satellite);
        pending.facts.push({ ...fact, satelliteId });
      }
    }
    addCounts(this.counts, {
      lines: lines.lines,
      events: paired.events,
      started: paired.started,
      facts: lines.facts.length - knownFacts,
      known: paired.known + knownFacts,
      ignored: lines.ignored + paired.ignored,
      malformed: lines.malformed,
      malformedOperations: lines.malformedOperations,
      malformedSamples: lines.malformedSamples,
    });
    if (lines.malformed < lines.lines) this.#to.markUsed();
    this.#remember(lines);
    pending.lines += lines.lines;
    if (lines.count > 0) pending.lastMs = lines.timeMs[lines.count - 1] ?? 0;
    return pending.lines + BATCH_LINES > COMMIT_LINES;
  }

  /**
   * Stores what was added. `isRest`: no more lines follow, so everything that waited for another line is settled.
   * `checkpoint` is called with the identities of the last lines.
   */
  store(how: {
    readonly isRest: boolean;
    readonly checkpoint: (recent: Float64Array) => Checkpoint | null;
  }): void {
    const { state, limits, writer } = this.#to;
    const { lines, hours, facts, lastMs, ...pending } = this.#pending;
    this.#pending = nothingPending();
    const events = this.#events;
    const newestMs = pending.newestMs === -Infinity ? null : pending.newestMs;
    if (how.isRest) {
      const counts = { events: 0, started: 0, known: 0, ignored: 0 };
      settleRaceLost(Infinity, { state, into: events, counts });
      addCounts(this.counts, { ...createCounts(), ...counts });
    }
    if (newestMs !== null || how.isRest) {
      const limitMs = (newestMs ?? -Infinity) - limits.openLimit;
      for (const stale of state.open.takeStale(limitMs, limits.maxOpen)) pushAbandoned(events, stale);
    }
    // Only now, since an hour's cells are looked up once for each run of its events.
    forRuns(events.timeMs, events.count, (startMs, first, until) => {
      addEvents(rollupAt(hours, startMs), events, first, until);
    });
    const checkpoint = how.checkpoint(new Float64Array(this.#recent));
    writer.commit({ events, hours, facts, state, newestMs, checkpoint, isLast: how.isRest });
    events.count = 0;
    if (lastMs !== null) this.#to.pruneAlong(hourOf(lastMs));
    this.#collect(lines);
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
