import { startParseLogWorker } from "../../workers.ts";
import { LineFeed } from "../log/line-feed.ts";
import { LineParser } from "../log/parse.ts";
import { clearParsedLines, createParsedLines, type ParsedLines } from "../log/parsed-lines.ts";
import { FileSource } from "./source.ts";

/** Opens the file for a worker of the same process: descriptors are shared. */
export interface ParseFrom {
  readonly type: "from";
  readonly descriptor: number;
  readonly offset: number;
}

/** Asks for the next batch, and gives the columns of one that is done with back. */
export interface ParseNext {
  readonly type: "next";
  readonly lines: ParsedLines | null;
}

export interface ParsedBatch {
  readonly lines: ParsedLines;
  /** Of whole lines, since the beginning of `ParseFrom`. */
  readonly consumedBytes: number;
  /** The file had no more whole line. */
  readonly isLast: boolean;
}

/** Batches being parsed or waiting: what keeps both threads busy, and no more memory than that. */
const AHEAD = 4;

function buffersOf(lines: ParsedLines): ArrayBuffer[] {
  const { what, action, level, coarse, satellite, timeMs, sizeBytes, keyLow, keyHigh, piece } = lines;
  return [what, action, level, coarse, satellite, timeMs, sizeBytes, keyLow, keyHigh, piece]
    .map((column) => column.buffer)
    .filter((buffer) => buffer instanceof ArrayBuffer);
}

/** The worker's side: parses a batch each time it is asked. */
export function createParseServer(
  reply: (batch: ParsedBatch, transfer: ArrayBuffer[]) => void,
): (message: ParseFrom | ParseNext) => void {
  const feed = new LineFeed(new LineParser());
  let source: FileSource | null = null;
  return (message) => {
    if (message.type === "from") {
      source = new FileSource(message.descriptor);
      source.seek(message.offset);
      return;
    }
    if (source === null) throw new Error("Cannot parse before the file is named");
    const lines = message.lines ?? createParsedLines();
    clearParsedLines(lines);
    let isLast = false;
    while (!feed.parse(lines)) {
      const count = source.read(feed.room());
      feed.filled(count);
      if (count === 0) {
        isLast = true;
        break;
      }
    }
    reply({ lines, consumedBytes: feed.consumedBytes, isLast }, buffersOf(lines));
  };
}

/**
 * Parses a plain file in a worker, a batch or two ahead of who stores them. Ends at the last whole line that the
 * file had; the caller reads on from there.
 */
export async function* parseAhead(descriptor: number, offset: number): AsyncGenerator<ParsedBatch> {
  const worker = startParseLogWorker();
  const ready: ParsedBatch[] = [];
  let wake: (() => void) | null = null;
  let failure: Error | null = null;
  worker.onmessage = (event: MessageEvent<ParsedBatch>): void => {
    ready.push(event.data);
    wake?.();
  };
  worker.onerror = (event): void => {
    failure = new Error(`Cannot parse in a worker: ${event.message}`);
    wake?.();
  };
  const send = (message: ParseFrom | ParseNext): void =>
    worker.postMessage(
      message,
      message.type === "next" && message.lines !== null ? buffersOf(message.lines) : [],
    );
  try {
    send({ type: "from", descriptor, offset });
    for (let count = 0; count < AHEAD; count += 1) send({ type: "next", lines: null });
    for (;;) {
      while (ready.length === 0 && failure === null) {
        await new Promise<void>((resume) => {
          wake = resume;
        });
      }
      const batch = ready.shift();
      if (batch === undefined) throw failure ?? new Error("Cannot parse: the worker said nothing");
      yield batch;
      if (batch.isLast) return;
      send({ type: "next", lines: batch.lines });
    }
  } finally {
    worker.terminate();
  }
}
