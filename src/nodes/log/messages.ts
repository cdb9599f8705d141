import {
  CANCELED,
  FAILED,
  type FactType,
  LINE_ENDED,
  LINE_RACE_LOST,
  LINE_STARTED,
  SUCCESS,
} from "./vocabulary.ts";

/** What a piecestore message says. `action` is what the message implies where the line names none; -1 where it must. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly what: number;
  readonly impliedAction: number;
  readonly fact: FactType | null;
}

const encoder = new TextEncoder();
const GET = 0;
const PUT = 3;
const DELETE = 5;

function message(text: string, what: number, impliedAction = -1, fact: FactType | null = null): Message {
  return { bytes: encoder.encode(text), what, impliedAction, fact };
}

/** Messages of the logger `piecestore`, by their length in bytes. */
const BY_LENGTH: readonly (readonly Message[] | undefined)[] = (() => {
  const known = [
    message("download started", LINE_STARTED),
    message("upload started", LINE_STARTED),
    message("downloaded", LINE_ENDED + SUCCESS),
    message("uploaded", LINE_ENDED + SUCCESS),
    message("download canceled", LINE_ENDED + CANCELED),
    message("upload canceled", LINE_ENDED + CANCELED),
    message("download failed", LINE_ENDED + FAILED),
    message("upload failed", LINE_ENDED + FAILED),
    message("download canceled (race lost or node shutdown)", LINE_RACE_LOST, GET),
    message("upload canceled (race lost or node shutdown)", LINE_RACE_LOST, PUT),
    message("deleted", LINE_ENDED + SUCCESS, DELETE),
    message("delete failed", LINE_ENDED + FAILED, DELETE),
    message("upload internal error", -1, -1, "internal_error"),
    message("upload rejected, too many requests", -1, -1, "rejected"),
    message("file found in trash", -1, -1, "in_trash"),
  ];
  const table: Message[][] = [];
  for (const entry of known) (table[entry.bytes.length] ??= []).push(entry);
  return table;
})();

export function equalBytes(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[start + index] !== expected[index]) return false;
  }
  return true;
}

/** The piecestore message that stands in [start, end), or null for one that means nothing to us. */
export function findMessage(bytes: Uint8Array, start: number, end: number): Message | null {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return null;
  for (const candidate of candidates) if (equalBytes(bytes, start, candidate.bytes)) return candidate;
  return null;
}

export const PIECESTORE = encoder.encode("piecestore");

const OTHER_FACTS: readonly (readonly [logger: string, message: string, fact: FactType])[] = [
  ["reputation:service", "node scores updated", "reputation"],
  ["reputation:service", "node scores worsened", "reputation"],
  ["hashstore", "beginning compaction", "compaction_start"],
  ["hashstore", "finished compaction", "compaction_end"],
];

/** Facts of loggers other than the piecestore. */
export function findOtherFact(logger: string, text: string): FactType | null {
  return OTHER_FACTS.find((known) => known[0] === logger && known[1] === text)?.[2] ?? null;
}

/** Whether a logger is one whose messages are looked at: by length and first letter, before any text is made. */
export function mayHoldFacts(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  return (length === 18 && bytes[start] === 114) || (length === 9 && bytes[start] === 104);
}
