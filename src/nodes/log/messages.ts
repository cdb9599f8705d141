import {
  CANCELED,
  FAILED,
  type FactType,
  LINE_ENDED,
  LINE_RACE_LOST,
  LINE_STARTED,
  SUCCESS,
} from "./vocabulary.ts";

/** Loggers whose messages we use, each with the loggers below it (`piecestore:endpoint`). */
const FAMILIES = ["piecestore", "hashstore", "reputation"] as const;
type Family = (typeof FAMILIES)[number];

/** What a message says. `action` is the action it implies if the line names none; -1 if the line must name one. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly families: readonly Family[];
  readonly what: number;
  readonly impliedAction: number;
  readonly fact: FactType | null;
}

const encoder = new TextEncoder();
const GET = 0;
const PUT = 3;
const DELETE = 5;

function operation(text: string, what: number, impliedAction = -1): Message {
  return { bytes: encoder.encode(text), families: ["piecestore"], what, impliedAction, fact: null };
}

function fact(text: string, type: FactType, families: readonly Family[]): Message {
  return { bytes: encoder.encode(text), families, what: -1, impliedAction: -1, fact: type };
}

/** Messages by their length in bytes. */
const BY_LENGTH: readonly (readonly Message[] | undefined)[] = (() => {
  const known = [
    operation("download started", LINE_STARTED),
    operation("upload started", LINE_STARTED),
    operation("downloaded", LINE_ENDED + SUCCESS),
    operation("uploaded", LINE_ENDED + SUCCESS),
    operation("download canceled", LINE_ENDED + CANCELED),
    operation("upload canceled", LINE_ENDED + CANCELED),
    operation("download failed", LINE_ENDED + FAILED),
    operation("upload failed", LINE_ENDED + FAILED),
    operation("download canceled (race lost or node shutdown)", LINE_RACE_LOST, GET),
    operation("upload canceled (race lost or node shutdown)", LINE_RACE_LOST, PUT),
    operation("deleted", LINE_ENDED + SUCCESS, DELETE),
    operation("delete failed", LINE_ENDED + FAILED, DELETE),
    fact("upload internal error", "internal_error", ["piecestore"]),
    fact("upload rejected, too many requests", "rejected", ["piecestore"]),
    fact("file found in trash", "in_trash", ["piecestore"]),
    // In storagenode-modular the hash store logs as piecestore:hashstorebackend.
    fact("beginning compaction", "compaction_start", ["hashstore", "piecestore"]),
    fact("finished compaction", "compaction_end", ["hashstore", "piecestore"]),
    fact("node scores updated", "reputation", ["reputation"]),
    fact("node scores worsened", "reputation", ["reputation"]),
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

const FAMILY_BYTES = FAMILIES.map((family) => ({ family, bytes: encoder.encode(family) }));
const COLON = 58;

/** The family of the logger in [start, end); null if we use none of its messages. */
export function familyOf(bytes: Uint8Array, start: number, end: number): Family | null {
  for (const known of FAMILY_BYTES) {
    const { length } = known.bytes;
    if (end - start < length || !equalBytes(bytes, start, known.bytes)) continue;
    if (end - start === length || bytes[start + length] === COLON) return known.family;
  }
  return null;
}

/** What the message in [start, end) means when it comes from a logger of `family`; null if we do not use it. */
export function findMessage(bytes: Uint8Array, start: number, end: number, family: Family): Message | null {
  const candidates = BY_LENGTH[end - start];
  if (candidates === undefined) return null;
  for (const candidate of candidates) {
    if (candidate.families.includes(family) && equalBytes(bytes, start, candidate.bytes)) return candidate;
  }
  return null;
}

const DOT = 46;
const LOWER_G = 103;
const LOWER_O = 111;

/**
 * Whether [start, end) is the place in the code that logged the line (`piecestore/endpoint.go:352`), an optional column
 * of zap's.
 */
export function isCaller(bytes: Uint8Array, start: number, end: number): boolean {
  let at = end;
  while (at > start && (bytes[at - 1] ?? 0) >= 48 && (bytes[at - 1] ?? 0) <= 57) at -= 1;
  return (
    at < end &&
    at - start > 4 &&
    bytes[at - 1] === COLON &&
    bytes[at - 2] === LOWER_O &&
    bytes[at - 3] === LOWER_G &&
    bytes[at - 4] === DOT
  );
}
