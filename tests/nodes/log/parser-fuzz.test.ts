import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { openStore } from "../../../src/db/open.ts";
import { ingestFiles } from "../../../src/nodes/ingest/ingest-run.ts";
import { Ingestion } from "../../../src/nodes/ingest/ingestion.ts";
import type { IngestCounts } from "../../../src/nodes/ingest/counts.ts";
import { LineFeed } from "../../../src/nodes/log/line-feed.ts";
import { LineParser } from "../../../src/nodes/log/parse.ts";
import { createParsedLines } from "../../../src/nodes/log/parsed-lines.ts";
import { patient } from "../../support/emulation.ts";
import { tempFolder } from "../../support/temp.ts";

const FIXTURES = join(import.meta.dir, "../../fixtures");
const REAL = readFileSync(join(FIXTURES, "storagenode-sample.log"), "latin1").trimEnd().split("\n");
/** Lines that once broke the parser or the store, and such as might: add what a run of this test finds. */
const CORPUS = readFileSync(join(FIXTURES, "damaged-lines.log"), "latin1").trimEnd().split("\n");

/** What damage puts into a line: numbers at and past every edge, parts of JSON, bytes of other encodings. */
const PIECES = [
  "1e999",
  "1e200",
  "-1",
  "1.5",
  '"5"',
  "9007199254740991",
  "9007199254740992",
  "18446744073709551615",
  "null",
  "{}",
  "[",
  "\\",
  '"',
  "\t",
  "\r",
  "\0",
  "\u00ff",
  "#011",
  '{"log":"',
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999999999999Z",
  "x".repeat(70),
];

const line = fc.oneof(fc.constantFrom(...REAL), fc.constantFrom(...CORPUS));
const change = fc.oneof(
  fc.tuple(fc.constant("put"), fc.nat(600), fc.constantFrom(...PIECES)),
  fc.tuple(fc.constant("over"), fc.nat(600), fc.constantFrom(...PIECES)),
  fc.tuple(
    fc.constant("byte"),
    fc.nat(600),
    fc.nat(255).map((code) => String.fromCodePoint(code)),
  ),
  fc.tuple(fc.constant("cut"), fc.nat(600), fc.constant("")),
  // A field's number, wherever it stands.
  fc.tuple(fc.constant("number"), fc.nat(3), fc.constantFrom(...PIECES)),
);

function changed(text: string, [kind, at, put]: readonly [string, number, string]): string {
  switch (kind) {
    case "put":
      return text.slice(0, at) + put + text.slice(at);
    case "over":
      return text.slice(0, at) + put + text.slice(at + put.length);
    case "byte":
      return text.slice(0, at) + put + text.slice(at + 1);
    case "cut":
      return text.slice(0, at);
    default: {
      let seen = 0;
      return text.replaceAll(/(?<=": )\d+/g, (found) => (seen++ === at ? put : found));
    }
  }
}

const damaged = fc
  .tuple(line, fc.array(change, { maxLength: 3 }))
  .map(([text, changes]) => changes.reduce(changed, text).replaceAll("\n", ""));

/** Rows whose numbers could not be stored, and whether each line was counted once. */
function parseIn(
  texts: readonly string[],
  chunkBytes: number,
): { bad: number; counted: number; lines: number } {
  const feed = new LineFeed(new LineParser());
  const into = createParsedLines(texts.length + 1);
  const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""), "latin1");
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const part = bytes.subarray(at, at + chunkBytes);
    feed.room().set(part);
    feed.filled(part.length);
    feed.parse(into);
  }
  let bad = 0;
  for (let row = 0; row < into.count; row += 1) {
    const isSafe =
      Number.isSafeInteger(into.timeMs[row]) &&
      Number.isSafeInteger(into.sizeBytes[row]) &&
      (into.sizeBytes[row] ?? -2) >= -1 &&
      (into.satellite[row] ?? 0) < into.satellites.length;
    if (!isSafe) bad += 1;
  }
  const counted = into.count + into.facts.length + into.ignored + into.malformed;
  return { bad, counted, lines: into.lines };
}

test("whatever a line's bytes are, it is counted once and its numbers are whole", () => {
  fc.assert(
    fc.property(
      fc.array(damaged, { maxLength: 20 }),
      fc.integer({ min: 1, max: 5_000 }),
      (texts, chunkBytes) => {
        expect(parseIn(texts, chunkBytes)).toEqual({ bad: 0, counted: texts.length, lines: texts.length });
      },
    ),
    { numRuns: 2_000 },
  );
});

/** The same, with the line ending where the memory that holds it ends. */
test("no line is read past the end of its memory", () => {
  fc.assert(
    fc.property(damaged, (text) => {
      const parser = new LineParser();
      const into = createParsedLines(3);
      const bytes = new Uint8Array(Buffer.from(`${text}\n`, "latin1"));
      // The first time as it is learnt, the second as it is laid out like one before.
      for (let round = 0; round < 2; round += 1) {
        parser.setBuffer(bytes);
        if (parser.parseLaidOut(0, bytes.length, into) < 0) parser.parseLine(0, bytes.length - 1, into);
      }
      expect(into.lines).toBe(2);
    }),
    { numRuns: 2_000 },
  );
});

async function ingestTwice(text: string): Promise<{ first: IngestCounts; again: IngestCounts }> {
  using folder = tempFolder();
  using store = openStore({ path: ":memory:" });
  const counts: IngestCounts[] = [];
  // Another prefix, so that the checkpoint does not know the file.
  for (const [name, whole] of [
    ["first.log", text],
    ["again.log", `\n${text}`],
  ] as const) {
    writeFileSync(folder.file(name), Buffer.from(whole, "latin1"));
    using to = new Ingestion(store.db, "a", { openLimit: 86_400_000, maxOpen: 65_536 });
    counts.push((await ingestFiles(to, [folder.file(name)], { reasonOf: () => null })).counts);
  }
  const [first, again] = counts;
  if (first === undefined || again === undefined) throw new Error("nothing was ingested");
  return { first, again };
}

test(
  "damaged logs go into the store, and once more add nothing",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(damaged, { minLength: 1, maxLength: 200 }), async (texts) => {
        const { first, again } = await ingestTwice(`${texts.join("\n")}\n`);
        const sum =
          first.events + first.started + first.facts + first.known + first.ignored + first.malformed;
        expect(sum).toBe(first.lines);
        expect({ events: again.events, started: again.started, facts: again.facts }).toEqual({
          events: 0,
          started: 0,
          facts: 0,
        });
      }),
      { numRuns: 150 },
    );
  },
  patient(60_000),
);
