import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LineFeed } from "../../../../src/nodes/log/line-feed.ts";
import { LineParser } from "../../../../src/nodes/log/parse.ts";
import { createParsedLines, type ParsedLines } from "../../../../src/nodes/log/parsed-lines.ts";
import { ACTIONS } from "../../../../src/nodes/log/vocabulary.ts";
import { type FuzzTarget, mustEqual, mustHold, piecesOf, sizeWord } from "../fuzz-target.ts";
import { readPlainLine } from "../plain-line.ts";

const FIXTURES = join(import.meta.dir, "../../../fixtures");
const MOST_LINES = 2_000;
/** A parser is reused for this many inputs: it remembers the layouts and satellites of earlier ones. */
const INPUTS_A_PARSER = 64;

/** All rows and counts, independent of the memory they are in. */
function contentsOf(lines: ParsedLines): object {
  const { count } = lines;
  return {
    rows: Array.from({ length: count }, (_, row) => rowOf(lines, row)),
    counts: [lines.lines, lines.facts.length, lines.ignored, lines.malformed, lines.malformedOperations],
    facts: lines.facts,
    samples: lines.malformedSamples,
  };
}

function rowOf(lines: ParsedLines, row: number): object {
  return {
    what: lines.what[row],
    action: ACTIONS[lines.action[row] ?? -1],
    level: lines.level[row],
    coarse: lines.coarse[row],
    satellite: lines.satellites[lines.satellite[row] ?? 0],
    timeMs: lines.timeMs[row],
    sizeBytes: lines.sizeBytes[row],
    key: [lines.keyLow[row], lines.keyHigh[row], lines.piece[row]],
  };
}

function fed(feed: LineFeed, pieces: readonly Uint8Array[]): ParsedLines {
  feed.restart();
  const into = createParsedLines(MOST_LINES);
  for (const piece of pieces) {
    feed.room().set(piece);
    feed.filled(piece.length);
    mustHold(!feed.parse(into), "so few lines fit");
  }
  feed.parseRest(into);
  return into;
}

/** Parses a line with a fresh parser, which knows no layouts of other lines. */
function alone(line: Uint8Array): ParsedLines {
  const parser = new LineParser();
  const into = createParsedLines(1);
  // As in the feed: the line is followed by a newline and some spare room.
  const bytes = new Uint8Array(line.length + 64);
  bytes.set(line);
  bytes[line.length] = 10;
  parser.setBuffer(bytes);
  parser.parseLine(0, line.length, into);
  return into;
}

function oneByOne(input: Uint8Array): object[] {
  const text = Buffer.from(input);
  const rows: object[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf(10, start);
    const end = newline < 0 ? text.length : newline;
    const parsed = alone(text.subarray(start, end));
    const row = parsed.count === 1 ? rowOf(parsed, 0) : null;
    if (row !== null) rows.push(row);
    const line = text.toString("latin1", start, end);
    const plain = readPlainLine(line);
    if (plain !== null) {
      mustHold(row !== null, `a plain line is an operation: ${line}`);
      mustEqual({ ...row, ...plain }, row, `what ${line} says`);
    }
    start = end + 1;
  }
  return rows;
}

/** Each line is counted once and means the same alone as among others, however the stream is split. */
export function logLines(): FuzzTarget {
  const sample = readFileSync(join(FIXTURES, "storagenode-sample.log"), "latin1").trimEnd().split("\n");
  const damaged = readFileSync(join(FIXTURES, "damaged-lines.log"), "latin1").trimEnd().split("\n");
  const seeds = [...sample, ...damaged, sample.slice(0, 12).join("\n"), sample.slice(60, 80).join("\n")];
  let runs = 0;
  let feeds = [new LineFeed(new LineParser()), new LineFeed(new LineParser())] as const;
  return {
    seeds: seeds.map((line) => new Uint8Array(Buffer.from(`${line}\n`, "latin1"))),
    dictionary: [
      "\n",
      "\r\n",
      "\t",
      "\tINFO\tpiecestore\tdownloaded\t{",
      "#011",
      '{"log":"',
      '\\n","stream":"stderr","time":"',
      '"}',
      '"Size": ',
      '"size": ',
      '"offset": ',
      '"Piece ID": "',
      '"satellite_id": "',
      '"action": "',
      "PUT_REPAIR",
      "GET",
      "{}",
      "[",
      "\\",
      '\\"',
      "\\u0000",
      "2024-02-29T23:59:60.999999999Z",
      "0000-01-01T00:00:00Z",
      "+0545",
      "-12:00",
      "9007199254740992",
      "storagenode  | ",
      "\u001B[36m",
      "download canceled (race lost or node shutdown)",
      '"L":"INFO"',
      '"T":"2026-01-01T00:00:00Z"',
      '"N":"piecestore"',
      '"M":"uploaded"',
      "reputation:service\tnode scores updated\t",
      "\xff\xfe",
      "\0",
    ],
    mostBytes: 8_192,
    run: (input) => {
      if (runs++ % INPUTS_A_PARSER === 0)
        feeds = [new LineFeed(new LineParser()), new LineFeed(new LineParser())];
      const whole = fed(feeds[0], [input]);
      const counted = whole.count + whole.facts.length + whole.ignored + whole.malformed;
      mustEqual(counted, whole.lines, "each line is counted once");
      for (let row = 0; row < whole.count; row += 1) {
        const size = whole.sizeBytes[row] ?? -2;
        mustHold(Number.isSafeInteger(whole.timeMs[row]), "a time is a whole number");
        mustHold(Number.isSafeInteger(size) && size >= -1, "a size is a whole number");
      }
      mustEqual(contentsOf(fed(feeds[1], piecesOf(input))), contentsOf(whole), "the same stream in pieces");
      mustEqual(
        Array.from({ length: whole.count }, (_, row) => rowOf(whole, row)),
        oneByOne(input),
        "the same lines one by one",
      );
      const said = new Set(
        Array.from({ length: whole.count }, (_, row) => `${whole.what[row]}${whole.action[row]}`),
      );
      const facts = [...new Set(whole.facts.map(({ type }) => type))].toSorted().join("+");
      return `operations ${[...said].toSorted().slice(0, 2).join("+")} facts ${facts} ignored ${sizeWord(whole.ignored)} malformed ${sizeWord(whole.malformed)}`;
    },
  };
}
