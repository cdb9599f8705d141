import { expect, test } from "bun:test";
import { closeSync, openSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import {
  createParseServer,
  type ParsedBatch,
  parseWorkers,
  segmentsOf,
} from "../../../src/nodes/ingest/parse-ahead.ts";
import { LineFeed } from "../../../src/nodes/log/line-feed.ts";
import { LineParser } from "../../../src/nodes/log/parse.ts";
import { createParsedLines, type ParsedLines } from "../../../src/nodes/log/parsed-lines.ts";
import { tempFolder } from "../../support/temp.ts";

const LINE =
  '2026-01-01T00:00:00.001Z\tINFO\tpiecestore\tdownloaded\t{"piece_id": "P", "satellite_id": "S", "action": "GET", "size": 1, "remote_address": "1.2.3.4:5"}';

interface Seen {
  readonly keys: number[];
  readonly counts: number[];
  readonly endOffset: number;
}

function addSeen(to: { keys: number[]; counts: number[] }, lines: ParsedLines): void {
  to.keys.push(...lines.keyLow.slice(0, lines.count));
  [lines.lines, lines.ignored, lines.malformed].forEach(
    (count, at) => (to.counts[at] = (to.counts[at] ?? 0) + count),
  );
}

/** All whole lines by one feed. */
function alone(bytes: Uint8Array): Seen {
  const feed = new LineFeed(new LineParser());
  const seen = { keys: [], counts: [0, 0, 0] };
  for (let at = 0; at < bytes.length;) {
    const room = feed.room();
    const part = bytes.subarray(at, at + room.length);
    room.set(part);
    feed.filled(part.length);
    at += part.length;
    for (;;) {
      const lines = createParsedLines();
      const isFull = feed.parse(lines);
      addSeen(seen, lines);
      if (!isFull) break;
    }
  }
  return { ...seen, endOffset: feed.consumedBytes };
}

/** The same by `workers` servers, each with its share of the segments. */
function inSegments(path: string, sizeBytes: number, segmentBytes: number, workers: number): Seen {
  const descriptor = openSync(path, "r");
  try {
    const segments = segmentsOf(0, sizeBytes, segmentBytes);
    const batches: ParsedBatch[] = [];
    const servers = Array.from({ length: workers }, (_, lane) => {
      const server = createParseServer((batch) => batches.push(batch));
      server({
        type: "segments",
        descriptor,
        segments: segments.filter((_segment, index) => index % workers === lane),
      });
      return server;
    });
    const seen = { keys: [], counts: [0, 0, 0] };
    let endOffset = 0;
    for (const index of segments.keys()) {
      for (let isLast = false; !isLast;) {
        servers[index % workers]?.({ type: "next", lines: null });
        const batch = batches.shift();
        if (batch === undefined) throw new Error("the server said nothing");
        if (batch.lines.lines > 0) ({ endOffset } = batch);
        addSeen(seen, batch.lines);
        ({ isLast } = batch);
      }
    }
    return { ...seen, endOffset };
  } finally {
    closeSync(descriptor);
  }
}

const line = fc.oneof(
  fc.nat(999).map((piece) => LINE.replace('"P"', `"P${piece}"`)),
  fc.constantFrom("", "x", "no line of a log", "y".repeat(3_000)),
);

test("a file cut into segments, wherever, gives the lines that it gives whole, in its order", () => {
  using folder = tempFolder();
  const path = folder.file("node.log");
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 30 }),
      fc.boolean(),
      fc.oneof(
        fc.integer({ min: 100, max: 3_000 }),
        fc.constantFrom(LINE.length + 1, LINE.length, LINE.length + 2),
      ),
      fc.integer({ min: 1, max: 3 }),
      (lines, isEnded, segmentBytes, workers) => {
        const bytes = Buffer.from(lines.join("\n") + (isEnded ? "\n" : ""));
        writeFileSync(path, bytes);
        expect(inSegments(path, bytes.length, segmentBytes, workers)).toEqual(alone(bytes));
      },
    ),
    { numRuns: 150 },
  );
});

test("a line longer than any that is held is one malformed line, also across segments", () => {
  using folder = tempFolder();
  const path = folder.file("node.log");
  const bytes = Buffer.from(`${LINE}\n${"x".repeat(3_000_000)}\n${LINE}\n`);
  writeFileSync(path, bytes);
  for (const segmentBytes of [500_000, 1_048_576, 5_000_000])
    expect(inSegments(path, bytes.length, segmentBytes, 2)).toEqual(alone(bytes));
});

test("one parser on two cores, two where more are idle, one where none is", () => {
  expect([1, 2, 3, 4, 64].map((cores) => parseWorkers(cores, 0))).toEqual([1, 1, 2, 2, 2]);
  expect([0.5, 1, 2.5, 9].map((load) => parseWorkers(4, load))).toEqual([2, 2, 1, 1]);
});
