import { nextTurn } from "../../lib/wait.ts";
import { BatchIngest } from "./batch-ingest.ts";
import {
  type Checkpoint,
  type Fingerprint,
  fingerprint,
  findResume,
  HEAD_BYTES,
  tailHash,
} from "./checkpoint.ts";
import { addCounts, createCounts, type IngestCounts } from "./counts.ts";
import type { Ingestion } from "./ingestion.ts";
import { LineFeed } from "../log/line-feed.ts";
import { LineParser } from "../log/parse.ts";
import { clearParsedLines, createParsedLines, type ParsedLines } from "../log/parsed-lines.ts";
import { FileSource, type Source } from "./source.ts";

/** Plain files with at least this much left to read are parsed in workers. */
const WORKER_FROM_BYTES = 32 * 1_048_576;
/** Lines of a live source are stored when the oldest of them is this old. */
const COMMIT_AFTER_MS = 1_000;
/** After the signal, a live source is read until it has been silent for this long … */
const DRAIN_SILENCE_MS = 100;
/** … but for at most this long in all. */
const DRAIN_MS = 1_000;

/** Progress of a source, for callers that report each file. */
export type SourceEvent =
  /** `offsetBytes`: where reading begins; everything before it was read by an earlier run. */
  | {
      readonly type: "opened";
      readonly path: string;
      readonly format: "plain" | "compressed" | "stream";
      readonly offsetBytes: number;
    }
  /** Read to the end, or until the run was stopped. The counts do not include lines read by earlier runs. */
  | { readonly type: "read"; readonly path: string; readonly counts: IngestCounts }
  /** A followed file: another file has its name now, it was truncated and restarted, or it is missing. */
  | { readonly type: "replaced" | "truncated" | "missing"; readonly path: string };

export interface ReadOptions {
  /**
   * Nothing follows: bytes after the last newline are a line too, and everything that waited for another line is
   * settled.
   */
  readonly isLast: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onBatch?: (() => void) | undefined;
}

type Waited =
  | { readonly type: "read"; readonly count: number }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "time" | "signal" };

/** Waits for the read, a timeout or the signal, whichever comes first. */
function waitFor(read: Promise<number>, ms: number, signal: AbortSignal | undefined): Promise<Waited> {
  return new Promise((resolve) => {
    const onAbort = (): void => done({ type: "signal" });
    const timer = Number.isFinite(ms) ? setTimeout(() => done({ type: "time" }), ms) : undefined;
    const done = (waited: Waited): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(waited);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    read.then(
      (count) => done({ type: "read", count }),
      (error: unknown) => done({ type: "failed", error }),
    );
  });
}

/**
 * Reads one log file (or stream) into the store, batch by batch. If the file grows, reading can continue after its end.
 */
export class FileIngest {
  readonly #source: Source;
  readonly #feed: LineFeed;
  readonly #lines = createParsedLines();
  readonly #batches: BatchIngest;
  #startOffset = 0;
  #countsBefore = createCounts();
  #fingerprint: Fingerprint | null = null;
  /** When the oldest line not yet stored was read. */
  #uncommittedMs = Infinity;
  #drainUntilMs = Infinity;

  constructor(to: Ingestion, source: Source) {
    this.#source = source;
    to.setDurable(source.isLive);
    this.#feed = new LineFeed(new LineParser());
    const resume =
      source instanceof FileSource
        ? findResume(to.db, to.node.id, source.descriptor, source.sizeBytes)
        : null;
    this.#batches = new BatchIngest(to, resume?.recent ?? []);
    if (resume === null || !(source instanceof FileSource)) return;
    this.#startOffset = resume.offsetBytes;
    source.seek(resume.offsetBytes);
    const { known, ignored, malformed, malformedOperations } = resume;
    const lines = known + ignored + malformed;
    addCounts(this.counts, { ...createCounts(), lines, known, ignored, malformed, malformedOperations });
    this.#countsBefore = { ...this.counts };
  }

  get counts(): IngestCounts {
    return this.#batches.counts;
  }

  /** The event to report before the first read. */
  opened(): SourceEvent {
    const { name: path, descriptor, isLive } = this.#source;
    const format = descriptor !== null ? "plain" : isLive ? "stream" : "compressed";
    return { type: "opened", path, format, offsetBytes: this.offsetBytes };
  }

  /** The event to report after the last read. */
  ended(): SourceEvent {
    const before = this.#countsBefore;
    const { lines, known, ignored, malformed, ...rest } = this.counts;
    const counts = {
      ...rest,
      lines: lines - before.lines,
      known: known - before.known,
      ignored: ignored - before.ignored,
      malformed: malformed - before.malformed,
    };
    return { type: "read", path: this.#source.name, counts };
  }

  /** Bytes of whole lines read, counted from the beginning of the file. */
  get offsetBytes(): number {
    return this.#startOffset + this.#feed.consumedBytes;
  }

  /**
   * Reads to the present end of the source, and stores it. Returns false if the signal cut this short; a live source is
   * then read until it is silent, so that everything written before the signal is stored.
   */
  async readToEnd(how: ReadOptions): Promise<boolean> {
    const { signal } = how;
    if (!(await this.#readAhead(how))) return false;
    for (;;) {
      const read = this.#source.read(this.#feed.room());
      const count = typeof read === "number" ? read : await this.#wait(read, how);
      if (count === null) break;
      this.#feed.filled(count);
      while (this.#feed.parse(this.#lines)) {
        this.#take(this.#lines, how);
        if (signal?.aborted === true && !this.#source.isLive) {
          this.#store();
          return false;
        }
        await nextTurn();
      }
      if (this.#lines.lines > 0) this.#uncommittedMs = Math.min(this.#uncommittedMs, performance.now());
      if (count === 0 || (signal?.aborted === true && !this.#source.isLive)) break;
    }
    this.#commit(how);
    if (signal?.aborted === true) return false;
    if (how.isLast) {
      // Only after the whole lines have been stored, so that the checkpoint is before the unterminated one.
      this.#feed.parseRest(this.#lines);
      this.#batches.add(this.#lines);
      clearParsedLines(this.#lines);
      this.#store(true);
      how.onBatch?.();
    }
    return true;
  }

  /**
   * Waits for the bytes of a read, and meanwhile stores what has waited long enough; null if the signal comes first. If
   * the read fails, everything before it is stored.
   */
  async #wait(read: Promise<number>, how: ReadOptions): Promise<number | null> {
    const { signal } = how;
    for (;;) {
      const now = performance.now();
      const isStopping = signal?.aborted === true;
      if (isStopping && this.#drainUntilMs === Infinity)
        this.#drainUntilMs = now + (this.#source.isLive ? DRAIN_MS : 0);
      const ms = isStopping
        ? Math.min(DRAIN_SILENCE_MS, this.#drainUntilMs - now)
        : this.#uncommittedMs + COMMIT_AFTER_MS - now;
      const waited = await waitFor(read, Math.max(0, ms), isStopping ? undefined : signal);
      if (waited.type === "read") return waited.count;
      if (waited.type === "signal") continue;
      if (waited.type === "failed") {
        this.#commit(how);
        throw waited.error;
      }
      if (isStopping) {
        // Nobody waits for this read any more.
        read.catch(() => undefined);
        return null;
      }
      this.#commit(how);
    }
  }

  /** Reads a large file's whole lines through workers; false if the signal cut it short. */
  async #readAhead(how: ReadOptions): Promise<boolean> {
    const source = this.#source;
    if (!(source instanceof FileSource)) return true;
    const { sizeBytes } = source;
    if (sizeBytes - this.offsetBytes < WORKER_FROM_BYTES) return true;
    const { parseAhead } = await import("./parse-ahead.ts");
    for await (const batch of parseAhead(source.descriptor, this.offsetBytes, sizeBytes)) {
      if (batch.lines.lines === 0) continue;
      this.#startOffset = batch.endOffset - this.#feed.consumedBytes;
      this.#take(batch.lines, how);
      if (how.signal?.aborted === true) {
        this.#store();
        return false;
      }
    }
    source.seek(this.offsetBytes);
    return true;
  }

  /** Adds lines. Those of a live source are stored at once; for other sources, several batches are stored together. */
  #take(lines: ParsedLines, how: ReadOptions): void {
    const isFull = this.#batches.add(lines);
    clearParsedLines(lines);
    if (isFull || this.#source.isLive) this.#store();
    how.onBatch?.();
  }

  /** Stores everything read so far. */
  #commit(how: ReadOptions): void {
    if (this.#lines.lines > 0) this.#take(this.#lines, how);
    if (this.#batches.isPending) this.#store();
  }

  #store(isRest = false): void {
    this.#batches.store({
      isRest,
      checkpoint: (recent) => (isRest ? null : this.#checkpoint(recent)),
    });
    this.#uncommittedMs = Infinity;
  }

  #checkpoint(recent: Float64Array): Checkpoint | null {
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
      recent,
    };
  }
}
