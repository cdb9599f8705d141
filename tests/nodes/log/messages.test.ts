import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LineParser } from "../../../src/nodes/log/parse.ts";
import { createParsedLines } from "../../../src/nodes/log/parsed-lines.ts";
import { LINE_ENDED, LINE_RACE_LOST, LINE_STARTED } from "../../../src/nodes/log/vocabulary.ts";

const T = "2026-08-21T12:00:00.250Z";
const FIELDS = {
  piece_id: "G7ORR4UZVCNFGRN7CZW7HQF2BCU5KBUUDRCE5OOYNDNS2N7FZZLQ",
  satellite_id: "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S",
  action: "GET",
  offset: 0,
  size: 6912,
  remote_address: "109.61.92.70:40624",
};

/** What the parser takes a line for. */
function classOf(line: string): string {
  const bytes = new Uint8Array(Buffer.from(`${line}\n`));
  const parser = new LineParser();
  const into = createParsedLines(1);
  parser.setBuffer(bytes);
  parser.parseLine(0, bytes.length - 1, into);
  if (into.malformed > 0) return "malformed";
  if (into.ignored > 0) return "ignored";
  if (into.facts.length > 0) return "fact";
  const what = into.what[0] ?? 0;
  if (what === LINE_STARTED) return "start";
  return what === LINE_RACE_LOST || what >= LINE_ENDED ? "event" : "none";
}

/** The loggers under which a file's messages have been seen, or might be. */
function loggersOf(file: string): string[] {
  switch (file) {
    case "storagenode/piecestore/endpoint.go":
      return ["piecestore", "piecestore:endpoint"];
    case "storagenode/hashstore/store.go":
      return ["hashstore", "piecestore:hashstorebackend"];
    case "storagenode/reputation/service.go":
      return ["reputation:service"];
    default:
      return [file.split("/").at(-2) ?? "", `${file.split("/").at(-2)}:service`];
  }
}

const MESSAGES = readFileSync(join(import.meta.dir, "../../fixtures/storagenode-messages.tsv"), "utf8")
  .trimEnd()
  .split("\n")
  .slice(2)
  .map((row) => row.split("\t"));

test("each message of the node's source is an event, a start, a fact or ignored, as the table says", () => {
  const found: string[][] = [];
  for (const [file = "", level = "", message = ""] of MESSAGES) {
    const classes = new Set<string>();
    for (const logger of loggersOf(file)) {
      const caller = `${file.split("/").slice(-2).join("/")}:352`;
      const json = JSON.stringify({ L: level, T, N: logger, M: message, ...FIELDS });
      classes.add(classOf([T, level, logger, message, JSON.stringify(FIELDS)].join("\t")));
      classes.add(classOf([T, level, logger, caller, message, JSON.stringify(FIELDS)].join("\t")));
      classes.add(classOf(json));
    }
    found.push([file, level, message, [...classes].join(" and ")]);
  }
  expect(MESSAGES.length).toBeGreaterThan(300);
  expect(found).toEqual(MESSAGES);
});

test("lines without a logger, a message or fields are ignored, and a caller is no message", () => {
  const lines = [
    `${T}\tINFO\tNode started`,
    `${T}\tINFO\tpiecestore`,
    `${T}\tINFO\tpiecestore/endpoint.go:352\tdownloaded\t${JSON.stringify(FIELDS)}`,
    `${T}\tINFO\tpiecestore\tpiecestore/endpoint.go:352`,
    `${T}\tINFO\tpiecestores\tdownloaded\t${JSON.stringify(FIELDS)}`,
    `${T}\tINFO\tpiecestore\tdownloaded.go:\t${JSON.stringify(FIELDS)}`,
  ];
  expect(lines.map(classOf)).toEqual(lines.map(() => "ignored"));
  expect(classOf(`${T}\tINFO\tpiecestore\tdownloaded`)).toBe("malformed");
});
