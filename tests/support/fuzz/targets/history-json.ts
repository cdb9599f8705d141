import {
  HistoryFault,
  historyPieces,
  HistoryReader,
} from "../../../../src/upload/history/earlier-history.ts";
import { type FuzzTarget, mustEqual, mustHold, piecesOf, shapeOf, sizeWord } from "../fuzz-target.ts";

const SUM = "0123456789abcdef".repeat(4);

function read(texts: readonly string[]): readonly string[] | { readonly fault: string } {
  const reader = new HistoryReader();
  const found: string[] = [];
  try {
    for (const text of texts) found.push(...reader.push(text));
    reader.end();
    return found;
  } catch (error) {
    if (!(error instanceof HistoryFault)) throw error;
    return { fault: error.message };
  }
}

/** Reads with JSON.parse; null unless it is an array of checksums. */
function readPlainly(text: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    const isOne = (each: unknown): each is string => typeof each === "string" && /^[0-9a-f]{64}$/i.test(each);
    return Array.isArray(value) && value.every(isOne)
      ? value.map((each: string) => each.toLowerCase())
      : null;
  } catch {
    return null;
  }
}

/** The streaming reader accepts exactly what JSON.parse accepts. */
export function historyJson(): FuzzTarget {
  const list = (count: number): string =>
    JSON.stringify(Array.from({ length: count }, (_, index) => SUM.slice(index) + SUM.slice(0, index)));
  const seeds = [
    "[]",
    list(1),
    list(3),
    list(9).replaceAll(",", ", \n "),
    ` \n[ ] `,
    list(2).toUpperCase(),
    "{}",
    `["${SUM}"`,
    "[1]",
    '["x"]',
  ];
  return {
    seeds: seeds.map((text) => new Uint8Array(Buffer.from(text))),
    dictionary: [
      "[",
      "]",
      ",",
      '"',
      `"${SUM}"`,
      `,"${SUM}"`,
      "\\u0061",
      "null",
      "\t",
      "\u00a0",
      "\ufeff",
      "[[[[",
    ],
    mostBytes: 2_048,
    run: (input) => {
      const text = new TextDecoder().decode(input);
      const whole = read([text]);
      mustEqual(
        read(piecesOf(new Uint8Array(Buffer.from(text, "utf16le"))).length > 0 ? cut(text, input) : []),
        whole,
        "the same history in pieces",
      );
      const plain = readPlainly(text);
      // A digit written as an escape is valid JSON, but no client writes a history like that.
      if (plain !== null && !text.includes("\\")) mustEqual(whole, plain, "what JSON.parse reads");
      if ("fault" in whole) {
        mustHold(whole.fault.length < 300, "a fault is short");
        return shapeOf(whole.fault.replace(/ is .*, expected/s, ", expected"));
      }
      mustEqual(plain, whole, "only what JSON.parse reads is a history");
      mustEqual(read([...historyPieces(whole)]), whole, "what is exported is read again");
      return `history of ${sizeWord(whole.length)}`;
    },
  };
}

/** Splits the text into pieces, between characters, at places determined by the input. */
function cut(text: string, input: Uint8Array): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const piece of piecesOf(input)) {
    pieces.push(text.slice(at, at + piece.length));
    at += piece.length;
  }
  pieces.push(text.slice(at));
  return pieces;
}
