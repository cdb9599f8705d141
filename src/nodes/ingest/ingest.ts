import type { Database } from "bun:sqlite";
import { createCollector } from "../../lib/engine.ts";
import { nextTurn } from "../../lib/wait.ts";
import { type Fingerprint, fingerprint, HEAD_BYTES, findResume, tailHash } from "./checkpoint.ts";
import { type BatchWriter, type Checkpoint } from "./write.ts";
import { createEvents, type Events } from "../log/events.ts";
import { StoredLines } from "./line-dedupe.ts";
import { LineFeed } from "../log/line-feed.ts";
import type { NodeRow, SatelliteIds } from "../store/node-store.ts";
import { type PairState, pairLines, pushAbandoned, rowIdentity, settleRaceLost } from "./pairing.ts";
import { LineParser } from "../log/parse.ts";
import type { PairingSettings } from "./options.ts";
import {
  BATCH_LINES,
  clearParsedLines,
  createParsedLines,
  type Fact,
  type ParsedLines,
} from "../log/parsed-lines.ts";
import { addEvent, addLine, createRollup, finishRollup, type Rollup } from "../store/rollup.ts";
import { FileSource, type Source } from "./source.ts";
import { HOUR_MS } from "../log/vocabulary.ts";

/** Plain files with at least this much to read are parsed in a worker. */
const WORKER_FROM_BYTES = 32 * 1_048_576;
/** Lines whose identities a checkpoint remembers. */
const RECENT_LINES = 256;
/** Lines after which garbage is collected, for boards with 512 MB. */
const LINES_A_COLLECTION = 65_536;

export interface IngestCounts {
  lines: number;
  events: number;
  started: number;
  facts: number;
  known: number;
  ignored: number;
  malformed: number;
  /** Malformed lines of the logger of operations. */
  malformedOperations: number;
  malformedSamples: string[];
}

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
  to.malformedSamples = [...to.malformedSamples, ...from.malformedSamples].slice(0, 3);
}

export interface Ingestion {
  readonly db: Database;
  readonly node: NodeRow;
  readonly state: PairState;
  readonly writer: BatchWriter;
  readonly satellites: SatelliteIds;
  readonly limits: PairingSettings;
}

/** Reads one log file (or stream) into the store, batch by batch; a growing file may be read on after its end. */
export class FileIngest {
  readonly counts = createCounts();
  readonly #to: Ingestion;
  readonly #source: Source;
  readonly #feed: LineFeed;
  readonly #lines = createParsedLines();
  /** An end may leave an abandoned start beside its event, and the stale ones come on top. */
  readonly #events: Events;
  readonly #known: StoredLines;
  #startOffset: number;
  #fingerprint: Fingerprint | null = null;
  #recent: number[] = [];
  readonly #collect = createCollector({ every: LINES_A_COLLECTION });

  constructor(to: Ingestion, source: Source) {
    this.#to = to;
    this.#source = source;
    this.#feed = new LineFeed(new LineParser());
    this.#events = createEvents(BATCH_LINES * 2 + to.limits.maxOpen + 64);
    to.writer.startFile();
    let own: readonly number[] = [];
    let offset = 0;
    if (source instanceof FileSource) {
      const resume = findResume(to.db, to.node.id, source.descriptor, source.sizeBytes);
      if (resume !== null) {
        offset = resume.offsetBytes;
        source.seek(offset);
        own = resume.recent;
        this.#recent = [...resume.recent];
        const { known, ignored, malformed, malformedOperations } = resume;
        const lines = known + ignored + malformed;
        addCounts(this.counts, { ...createCounts(), lines, known, ignored, malformed, malformedOperations });
      }
    }
    this.#startOffset = offset;
    this.#known = new StoredLines({
      db: to.db,
      nodeId: to.node.id,
      closedBeforeMs: to.node.closedBeforeMs,
      open: to.state.open,
      own,
    });
    to.state.open.startRound();
  }

  /** Bytes of whole lines read, from the file's beginning. */
  get offsetBytes(): number {
    return this.#startOffset + this.#feed.consumedBytes;
  }

  /**
   * Reads to the end that the source has now. `isLast` says that nothing follows: what stands after the last newline
   * is then a line too, and what waited for another line is settled. Answers false where the signal cut it short.
   */
  async readToEnd(how: {
    isLast: boolean;
    signal?: AbortSignal | undefined;
    onBatch?: (() => void) | undefined;
  }): Promise<boolean> {
    const lines = this.#lines;
    if (!(await this.#readAhead(how))) return false;
    for (;;) {
      const pending = this.#source.read(this.#feed.room());
      const count = typeof pending === "number" ? pending : await pending;
      this.#feed.filled(count);
      while (this.#feed.parse(lines)) {
        this.#commit(lines, false);
        how.onBatch?.();
        if (how.signal?.aborted === true) return false;
        await nextTurn();
      }
      if (count === 0) break;
      if (how.signal?.aborted === true) {
        if (lines.lines > 0) this.#commit(lines, false);
        return false;
      }
    }
    if (how.isLast) {
      // Whole lines first: the checkpoint then stands before the unterminated one.
      if (lines.lines > 0) this.#commit(lines, false);
      this.#feed.parseRest(lines);
      this.#commit(lines, true);
    } else if (lines.lines > 0) this.#commit(lines, false);
    return true;
  }

  /** Reads a large file's whole lines through a worker; false where the signal cut it short. */
  async #readAhead(how: {
    signal?: AbortSignal | undefined;
    onBatch?: (() => void) | undefined;
  }): Promise<boolean> {
    const source = this.#source;
    if (!(source instanceof FileSource)) return true;
    const startOffset = this.offsetBytes;
    if (source.sizeBytes - startOffset < WORKER_FROM_BYTES) return true;
    const { parseAhead } = await import("./parse-ahead.ts");
    for await (const batch of parseAhead(source.descriptor, startOffset)) {
      this.#startOffset = startOffset + batch.consumedBytes - this.#feed.consumedBytes;
      this.#commit(batch.lines, false);
      how.onBatch?.();
      if (how.signal?.aborted === true) return false;
    }
    source.seek(this.offsetBytes);
    return true;
  }

  #commit(lines: ParsedLines, isRest: boolean): void {
    const { state, satellites, limits, writer } = this.#to;
    const events = this.#events;
    events.count = 0;
    const hours = new Map<number, Rollup>();
    let hourMs = Number.NaN;
    let hour: Rollup | null = null;
    const rollupAt = (timeMs: number): Rollup => {
      const startMs = Math.floor(timeMs / HOUR_MS) * HOUR_MS;
      if (startMs === hourMs && hour !== null) return hour;
      let found = hours.get(startMs);
      if (found === undefined) hours.set(startMs, (found = createRollup()));
      hour = found;
      hourMs = startMs;
      return found;
    };
    let newestMs: number | null = null;
    const paired = pairLines(lines, state, events, {
      known: this.#known,
      satelliteIds: satellites.idsOf(lines.satellites),
      noteLine: (timeMs, level) => {
        if (newestMs === null || timeMs > newestMs) newestMs = timeMs;
        addLine(rollupAt(timeMs).summary, timeMs, level);
      },
    });
    if (isRest) settleRaceLost(Infinity, { state, into: events, counts: paired });
    if (newestMs !== null || isRest) {
      const limitMs = (newestMs ?? -Infinity) - limits.openLimit;
      for (const stale of state.open.takeStale(limitMs, limits.maxOpen)) pushAbandoned(events, stale);
    }
    for (let row = 0; row < events.count; row += 1) addEvent(rollupAt(events.timeMs[row] ?? 0), events, row);
    for (const rollup of hours.values()) finishRollup(rollup);

    const facts: (Fact & { satelliteId: number })[] = [];
    let knownFacts = 0;
    for (const fact of lines.facts) {
      if (this.#known.takeFact(fact.identity, fact.timeMs)) knownFacts += 1;
      else
        facts.push({ ...fact, satelliteId: fact.satellite === null ? 0 : satellites.idOf(fact.satellite) });
    }
    addCounts(this.counts, {
      lines: lines.lines,
      events: paired.events,
      started: paired.started,
      facts: facts.length,
      known: paired.known + knownFacts,
      ignored: lines.ignored + paired.ignored,
      malformed: lines.malformed,
      malformedOperations: lines.malformedOperations,
      malformedSamples: lines.malformedSamples,
    });
    if (!isRest) this.#remember(lines);
    writer.commit({ events, hours, facts, state, newestMs, checkpoint: isRest ? null : this.#checkpoint() });
    const count = lines.lines;
    clearParsedLines(lines);
    this.#collect(count);
  }

  /** Keeps the identities of the last lines, for the checkpoint. */
  #remember(lines: ParsedLines): void {
    for (let row = Math.max(0, lines.count - RECENT_LINES); row < lines.count; row += 1) {
      this.#recent.push(rowIdentity(lines, row));
    }
    for (const fact of lines.facts.slice(-RECENT_LINES)) this.#recent.push(fact.identity);
    this.#recent = this.#recent.slice(-RECENT_LINES);
  }

  #checkpoint(): Checkpoint | null {
    const { descriptor } = this.#source;
    if (descriptor === null) return null;
    const offsetBytes = this.offsetBytes;
    if (this.#fingerprint === null || this.#fingerprint.headBytes < HEAD_BYTES) {
      this.#fingerprint = fingerprint(descriptor, offsetBytes);
    }
    if (this.#fingerprint.headBytes === 0) return null;
    const { events, started, facts, known, ignored, malformed, malformedOperations } = this.counts;
    return {
      ...this.#fingerprint,
      offsetBytes,
      tailHash: tailHash(descriptor, offsetBytes),
      known: events + started + facts + known,
      ignored,
      malformed,
      malformedOperations,
      recent: new Float64Array(this.#recent),
    };
  }
}
