import { expect, test } from "bun:test";
import fc from "fast-check";
import { LineParser } from "../../../src/nodes/log/parse.ts";
import { createParsedLines, type ParsedLines } from "../../../src/nodes/log/parsed-lines.ts";
import { ACTIONS, LINE_ENDED, LINE_RACE_LOST, LINE_STARTED } from "../../../src/nodes/log/vocabulary.ts";

function parse(...lines: (string | Uint8Array)[]): ParsedLines {
  const parser = new LineParser();
  const into = createParsedLines(Math.max(1, lines.length));
  for (const line of lines) {
    const text = typeof line === "string" ? new TextEncoder().encode(line) : line;
    // As in the feed: a newline and some room stand behind a line.
    const bytes = new Uint8Array(text.length + 64);
    bytes.set(text);
    bytes[text.length] = 10;
    parser.setBuffer(bytes);
    parser.parseLine(0, text.length, into);
  }
  return into;
}

function rows(lines: ParsedLines): object[] {
  return Array.from({ length: lines.count }, (_, row) => ({
    what: lines.what[row],
    action: ACTIONS[lines.action[row] ?? -1],
    size: lines.sizeBytes[row],
    time: lines.timeMs[row],
    satellite: lines.satellites[lines.satellite[row] ?? 0],
  }));
}

const T = "2026-01-31T23:59:59.250Z";
const MS = Date.parse(T);
const PIECE = "G7ORR4UZVCNFGRN7CZW7HQF2BCU5KBUUDRCE5OOYNDNS2N7FZZLQ";
const SATELLITE = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S";
const OLD = `{"Process": "storagenode", "Piece ID": "${PIECE}", "Satellite ID": "${SATELLITE}", "Action": "GET", "Offset": 0, "Size": 6912, "Remote Address": "109.61.92.70:40624"}`;
const NEW = `{"process": "storagenode", "piece_id": "${PIECE}", "satellite_id": "${SATELLITE}", "action": "GET", "offset": 0, "size": 6912, "remote_address": "109.61.92.70:40624"}`;
const ROW = { what: LINE_ENDED, action: "GET", size: 6912, time: MS, satellite: SATELLITE };

test("one line is the same operation in every generation, encoding and prefix", () => {
  const line = `${T}\tINFO\tpiecestore\tdownloaded\t${NEW}`;
  const forms = [
    line,
    `${T}\tINFO\tpiecestore\tdownloaded\t${OLD}`,
    `${line}\r`,
    `2026-02-01T00:00:01.123456789Z ${line}`,
    `storagenode-1  | ${line}`,
    `\u001B[36mstoragenode |\u001B[0m ${line}`,
    `Feb  1 00:00:01 nas storagenode[812]: ${line.replaceAll("\t", "#011")}`,
    JSON.stringify({ log: `${line}\n`, stream: "stderr", time: T }),
    JSON.stringify({ L: "INFO", T, N: "piecestore", M: "downloaded", ...(JSON.parse(NEW) as object) }),
    JSON.stringify({ ...(JSON.parse(NEW) as object), M: "downloaded", N: "piecestore", T, L: "INFO" }),
    JSON.stringify({
      log: `${JSON.stringify({ L: "INFO", T, N: "piecestore", M: "downloaded", ...(JSON.parse(NEW) as object) })}\n`,
      stream: "stdout",
      time: T,
    }),
  ];
  const parsed = parse(...forms);
  expect(rows(parsed)).toEqual(forms.map(() => ROW));
  expect(new Set(parsed.keyLow.slice(0, forms.length)).size).toBe(1);
  expect(new Set(parsed.keyHigh.slice(0, forms.length)).size).toBe(1);
});

test("a line laid out like one before reads the same as the first of its layout", () => {
  const other = NEW.replace(PIECE, `${PIECE.slice(0, 51)}A`)
    .replace('"offset": 0', '"offset": 256')
    .replace("6912", "17")
    .replace('"GET"', '"GET_REPAIR"');
  const line = (fields: string): string => `${T}\tINFO\tpiecestore\tdownloaded\t${fields}`;
  const warm = parse(line(NEW), line(NEW), line(other));
  const cold = parse(line(other));
  expect(rows(warm)[2]).toEqual(rows(cold)[0]);
  expect([warm.keyLow[2], warm.keyHigh[2], warm.piece[2]]).toEqual([
    cold.keyLow[0],
    cold.keyHigh[0],
    cold.piece[0],
  ]);
  expect(warm.keyLow[2]).not.toBe(warm.keyLow[1]);
});

test("versions without a remote address or a size count all the same; a start and its end share a key", () => {
  const short = `{"Piece ID": "${PIECE}", "Satellite ID": "${SATELLITE}", "Action": "PUT"}`;
  const parsed = parse(
    `${T}\tINFO\tpiecestore\tupload started\t${short}`,
    `${T}\tINFO\tpiecestore\tuploaded\t${short}`,
  );
  expect(rows(parsed)).toEqual([
    { ...ROW, what: LINE_STARTED, action: "PUT", size: -1 },
    { ...ROW, action: "PUT", size: -1 },
  ]);
  expect(parsed.keyLow[0]).toBe(parsed.keyLow[1]);
});

test("fields are found by name, whatever stands around and within them", () => {
  const nested = `{"error": "a \\"Action\\": \\"PUT\\" \\\\", "more": {"Size": 1, "list": ["}", {"Action": "PUT"}]}, "Size": 42, "Action": "GET_AUDIT", "Satellite ID": "${SATELLITE}", "Piece ID": "${PIECE}", "flag": true}`;
  expect(rows(parse(`${T}\tERROR\tpiecestore\tdownload failed\t${nested}`))).toEqual([
    { ...ROW, what: LINE_ENDED + 2, action: "GET_AUDIT", size: 42 },
  ]);
});

test("facts, race-lost lines, other loggers and bad lines are told apart", () => {
  const parsed = parse(
    `${T}\tERROR\tpiecestore\tupload internal error\t{"error": "x"}`,
    `${T}\tINFO\tpiecestore\tupload rejected, too many requests\t{"live requests": 7}`,
    `${T}\tINFO\treputation:service\tnode scores updated\t{"Satellite ID": "${SATELLITE}", "Audit Score": 1}`,
    `${T}\tINFO\thashstore\tfinished compaction\t{"satellite": "${SATELLITE}", "store": "s0", "duration": "1s"}`,
    `${T}\tINFO\tpiecestore\tdownload canceled (race lost or node shutdown)\t{"Piece ID": "${PIECE}"}`,
    `${T}\tINFO\tbandwidth\tPersisting bandwidth usage cache to db\t{"Process": "storagenode"}`,
    `${T}\tINFO\tpiecestore\tdownloaded\t${NEW.slice(0, 100)}`,
    `${T}\tINFO\tpiecestore\tdownloaded\t${NEW.replace('"GET"', '"FETCH"')}`,
    "goroutine 1 [running]:",
    "",
  );
  expect(parsed.facts.map((fact) => fact.type)).toEqual([
    "internal_error",
    "rejected",
    "reputation",
    "compaction_end",
  ]);
  expect(rows(parsed)).toEqual([{ what: LINE_RACE_LOST, action: "GET", size: -1, time: MS, satellite: "" }]);
  expect({ lines: parsed.lines, ignored: parsed.ignored, malformed: parsed.malformed }).toEqual({
    lines: 10,
    ignored: 2,
    malformed: 3,
  });
});

test("parsing never throws, and every line is counted once", () => {
  const whole = new TextEncoder().encode(`${T}\tINFO\tpiecestore\tdownloaded\t${NEW}`);
  const damaged = fc
    .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 })
    .map((changes) => {
      const bytes = whole.slice();
      for (const [at, byte] of changes) bytes[at] = byte === 10 ? 0 : byte;
      return bytes;
    });
  const cut = fc.nat(whole.length).map((length) => whole.slice(0, length));
  const random = fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => bytes.map((byte) => (byte === 10 ? 0 : byte)));
  fc.assert(
    fc.property(fc.array(fc.oneof(damaged, cut, random, fc.constant(whole)), { maxLength: 12 }), (lines) => {
      const parsed = parse(...lines);
      expect(parsed.count + parsed.facts.length + parsed.ignored + parsed.malformed).toBe(lines.length);
    }),
    { numRuns: 500 },
  );
});

test("a satellite's name that is damaged in one place, wherever, is another satellite's", () => {
  const line = `${T}\tINFO\tpiecestore\tdownloaded\t${NEW}`;
  for (let at = 0; at < SATELLITE.length; at += 1) {
    const damaged = `${SATELLITE.slice(0, at)}~${SATELLITE.slice(at + 1)}`;
    const names = rows(parse(line.replace(SATELLITE, damaged), line, line)).map((row) => ({ ...row }));
    expect(names.map((row) => ("satellite" in row ? row.satellite : null))).toEqual([
      damaged,
      SATELLITE,
      SATELLITE,
    ]);
  }
});
