import { expect, test } from "bun:test";
import fc from "fast-check";
import { LineFeed } from "../../../src/nodes/log/line-feed.ts";
import { LineParser } from "../../../src/nodes/log/parse.ts";
import { createParsedLines, type ParsedLines } from "../../../src/nodes/log/parsed-lines.ts";

const PIECE = "G7ORR4UZVCNFGRN7CZW7HQF2BCU5KBUUDRCE5OOYNDNS2N7FZZLQ";
const SATELLITE = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S";
const FIELDS = `{"process": "storagenode", "piece_id": "${PIECE}", "satellite_id": "${SATELLITE}", "action": "GET", "offset": 0, "size": 6912, "remote_address": "109.61.92.70:40624"}`;
const DONE = `2026-01-31T23:59:59.250Z\tINFO\tpiecestore\tdownloaded\t${FIELDS}`;
const UPLOAD = DONE.replace("downloaded", "upload started")
  .replace("GET", "PUT_REPAIR")
  .replace('"size": 6912', '"available_space": 14478332563968');

/** A satellite that was seen is known again by its length and three of its words. */
function isInSatellite(line: string, at: number): boolean {
  const start = line.indexOf(SATELLITE);
  return at >= start && at <= start + SATELLITE.length;
}

const lines = fc.oneof(
  fc.constantFrom(DONE, UPLOAD, `${DONE}\r`, `docker ${DONE}`, "", "\r", "not a line of a node"),
  // A piece, an address or a number that differs, a quote or a newline where none belongs, a line that is cut off.
  fc
    .tuple(fc.constantFrom(DONE, UPLOAD), fc.nat(DONE.length), fc.constantFrom('"', "\n", "7", "", "é", "\\"))
    .map(([line, at, put]) =>
      isInSatellite(line, at) ? line : line.slice(0, at) + put + line.slice(at + 1),
    ),
  fc.tuple(fc.constantFrom(DONE, UPLOAD), fc.nat(DONE.length)).map(([line, at]) => line.slice(0, at)),
  fc
    .tuple(fc.integer({ min: 0, max: 2 ** 53 - 1 }), fc.nat())
    .map(([offset, size]) => DONE.replace("6912", `${size}`).replace('offset": 0', `offset": ${offset}`)),
);

interface Seen {
  readonly rows: object[];
  readonly counts: number[];
}

function seen(parsed: ParsedLines): Seen {
  const { count, what, action, level, coarse, satellite, timeMs, sizeBytes, keyLow, keyHigh, piece } = parsed;
  const columns = [what, action, level, coarse, timeMs, sizeBytes, keyLow, keyHigh, piece];
  const rows = Array.from({ length: count }, (_, row) => ({
    satellite: parsed.satellites[satellite[row] ?? 0],
    cells: columns.map((column) => column[row]),
  }));
  return { rows, counts: [parsed.lines, parsed.ignored, parsed.malformed, parsed.malformedOperations] };
}

/** The line alone, by a parser that knows no layout yet. */
function seenAlone(text: string): Seen {
  const bytes = new Uint8Array(Buffer.concat([Buffer.from(text), Buffer.alloc(64, 10)]));
  const parser = new LineParser();
  parser.setBuffer(bytes);
  const parsed = createParsedLines(1);
  parser.parseLine(0, bytes.length - 64, parsed);
  return seen(parsed);
}

test("lines found by their layout, in chunks of any size, read as lines that are cut out first", () => {
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 30 }), fc.integer({ min: 1, max: 4_000 }), (texts, chunk) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""));
      const fed = createParsedLines(128);
      const feed = new LineFeed(new LineParser());
      for (let at = 0; at < bytes.length; at += chunk) {
        const part = bytes.subarray(at, at + chunk);
        feed.room().set(part);
        feed.filled(part.length);
        feed.parse(fed);
      }
      const alone = bytes.toString().split("\n").slice(0, -1).map(seenAlone);
      expect(feed.consumedBytes).toBe(bytes.length);
      expect(seen(fed)).toEqual({
        rows: alone.flatMap(({ rows }) => rows),
        counts: [0, 1, 2, 3].map((index) => alone.reduce((sum, { counts }) => sum + (counts[index] ?? 0), 0)),
      });
    }),
    { numRuns: 500 },
  );
});
