import { availableParallelism, loadavg } from "node:os";
import { startParseLogWorker } from "../../workers.ts";
import { LineFeed } from "../log/line-feed.ts";
import { LineParser } from "../log/parse.ts";
import { clearParsedLines, createParsedLines, type ParsedLines } from "../log/parsed-lines.ts";
import { FileSource } from "./source.ts";

/** A part of the file: all lines that begin in [from, until). */
export interface Segment {
  readonly from: number;
  readonly until: number;
  /** It may begin within a line, which then belongs to the segment before. */
  readonly isCut: boolean;
}

/** Tells a worker of the same process what to parse; file descriptors are shared. */
export interface ParseSegments {
  readonly type: "segments";
  readonly descriptor: number;
  readonly segments: readonly Segment[];
}

/** Asks for the next batch, and returns the columns of one that is no longer used. */
export interface ParseNext {
  readonly type: "next";
  readonly lines: ParsedLines | null;
}

export interface ParsedBatch {
  readonly lines: ParsedLines;
  /** The offset in the file where the last of its lines ends; meaningless if it has no lines. */
  readonly endOffset: number;
  /** The segment has no more whole lines. */
  readonly isLast: boolean;
}

/** About eight batches: a worker parses them ahead while another worker's segment is being stored. */
const SEGMENT_BYTES = 16 * 1_048_576;
/** Batches of a worker being parsed or waiting: enough lines for it to parse on while a transaction is written. */
const AHEAD = 6;
/** Storing takes about as long as parsing: with more than two parsers, some would wait. */
const MAX_WORKERS = 2;
/** If a segment ends within a line, the rest of the line is read in steps of this size. */
const OVERHANG_BYTES = 65_536;
const NEWLINE = 10;

/** As many workers as the machine has idle cores, not counting the one that stores. */
export function parseWorkers(cores: number, load: number): number {
  return Math.max(1, Math.min(MAX_WORKERS, Math.floor(cores - 1 - load)));
}

export function segmentsOf(from: number, until: number, segmentBytes: number): Segment[] {
  const segments: Segment[] = [];
  for (let at = from; at < until; at += segmentBytes)
    segments.push({ from: at, until: Math.min(until, at + segmentBytes), isCut: at > from });
  return segments;
}

function buffersOf(lines: ParsedLines): ArrayBuffer[] {
  const { what, action, level, coarse, satellite, timeMs, sizeBytes, keyLow, keyHigh, piece } = lines;
  return [what, action, level, coarse, satellite, timeMs, sizeBytes, keyLow, keyHigh, piece]
    .map((column) => column.buffer)
    .filter((buffer) => buffer instanceof ArrayBuffer);
}

/** Parses the lines of one segment; a line that begins in it is read to its end, wherever that is. */
class SegmentParser {
  readonly #source: FileSource;
  readonly #feed: LineFeed;
  readonly #limitBytes: number;
  readonly #firstLine: number;
  #position: number;
  readonly #until: number;

  constructor(descriptor: number, feed: LineFeed, segment: Segment) {
    this.#source = new FileSource(descriptor);
    this.#feed = feed;
    feed.restart();
    this.#until = segment.until;
    this.#firstLine = segment.isCut ? this.#afterNewline(segment.from - 1) : segment.from;
    this.#position = this.#firstLine;
    this.#limitBytes = segment.until - this.#firstLine;
    this.#source.seek(this.#firstLine);
  }

  /** Fills `lines`; true at the end of the segment. */
  parse(lines: ParsedLines): boolean {
    for (;;) {
      if (this.#feed.parse(lines, this.#limitBytes)) return false;
      if (this.#feed.consumedBytes >= this.#limitBytes) return true;
      const room = this.#feed.room();
      const wanted = this.#until > this.#position ? this.#until - this.#position : OVERHANG_BYTES;
      const count = this.#source.read(room.subarray(0, Math.min(room.length, wanted)));
      if (count === 0) return true;
      this.#position += count;
      this.#feed.filled(count);
    }
  }

  get endOffset(): number {
    return this.#firstLine + this.#feed.consumedBytes;
  }

  /** The offset after the first newline from `at` on, or the end of the file if there is none. */
  #afterNewline(at: number): number {
    const chunk = new Uint8Array(OVERHANG_BYTES);
    this.#source.seek(at);
    for (let before = at; ;) {
      const count = this.#source.read(chunk);
      if (count === 0) return Infinity;
      const newline = chunk.subarray(0, count).indexOf(NEWLINE);
      if (newline >= 0) return before + newline + 1;
      before += count;
    }
  }
}

/** The worker's side: parses one batch per request, one segment after another. */
export function createParseServer(
  reply: (batch: ParsedBatch, transfer: ArrayBuffer[]) => void,
): (message: ParseSegments | ParseNext) => void {
  const feed = new LineFeed(new LineParser());
  let descriptor = -1;
  let segments: readonly Segment[] = [];
  let next = 0;
  let current: SegmentParser | null = null;
  return (message) => {
    if (message.type === "segments") {
      ({ descriptor, segments } = message);
      return;
    }
    const segment = segments[next];
    if (segment === undefined) return;
    const lines = message.lines ?? createParsedLines();
    clearParsedLines(lines);
    current ??= new SegmentParser(descriptor, feed, segment);
    const isLast = current.parse(lines);
    const { endOffset } = current;
    if (isLast) {
      current = null;
      next += 1;
    }
    reply({ lines, endOffset, isLast }, buffersOf(lines));
  };
}

/** A worker, and the batches it has sent. */
class Lane implements Disposable {
  readonly #worker = startParseLogWorker();
  readonly #ready: ParsedBatch[] = [];
  #wake: (() => void) | null = null;
  #failure: Error | null = null;

  constructor(descriptor: number, segments: readonly Segment[]) {
    this.#worker.onmessage = (event: MessageEvent<ParsedBatch>): void => {
      this.#ready.push(event.data);
      this.#wake?.();
    };
    this.#worker.onerror = (event): void => {
      this.#failure = new Error(`Cannot parse in a worker: ${event.message}`);
      this.#wake?.();
    };
    this.#send({ type: "segments", descriptor, segments });
    for (let count = 0; count < AHEAD; count += 1) this.ask(null);
  }

  /** Asks for another batch, and returns the columns of one that is no longer used. */
  ask(lines: ParsedLines | null): void {
    this.#send({ type: "next", lines });
  }

  async next(): Promise<ParsedBatch> {
    while (this.#ready.length === 0 && this.#failure === null) {
      await new Promise<void>((resume) => {
        this.#wake = resume;
      });
    }
    const batch = this.#ready.shift();
    if (batch === undefined) throw this.#failure ?? new Error("Cannot parse: the worker said nothing");
    return batch;
  }

  #send(message: ParseSegments | ParseNext): void {
    const given = message.type === "next" && message.lines !== null ? buffersOf(message.lines) : [];
    this.#worker.postMessage(message, given);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/**
 * Parses bytes [from, until) of a plain file in workers, some batches ahead of the thread that stores them, and yields
 * the batches in file order. Ends at the last whole line that the file had; the caller continues from there.
 */
export async function* parseAhead(
  descriptor: number,
  from: number,
  until: number,
): AsyncGenerator<ParsedBatch> {
  const count = parseWorkers(availableParallelism(), loadavg()[0] ?? 0);
  const segments = segmentsOf(from, until, count === 1 ? until - from : SEGMENT_BYTES);
  using lanes = new DisposableStack();
  const running = Array.from({ length: count }, (_, lane) =>
    lanes.use(
      new Lane(
        descriptor,
        segments.filter((_segment, index) => index % count === lane),
      ),
    ),
  );
  for (const index of segments.keys()) {
    const lane = running[index % count];
    if (lane === undefined) return;
    for (;;) {
      const batch = await lane.next();
      yield batch;
      lane.ask(batch.lines);
      if (batch.isLast) break;
    }
  }
}
