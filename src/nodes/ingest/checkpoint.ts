import type { Database } from "bun:sqlite";
import { intact, openBlob, sealBlob } from "../../db/sealed-blob.ts";
import { readSync } from "node:fs";

/** A file is identified by its first bytes … */
export const HEAD_BYTES = 1_024;
/** … and a place in it by the bytes before it. */
const TAIL_BYTES = 1_024;

/** Counts of the lines before a place in a file. */
interface LinesBefore {
  readonly offsetBytes: number;
  readonly known: number;
  readonly ignored: number;
  readonly malformed: number;
  /** Stored in the column `piecestore`. */
  readonly malformedOperations: number;
}

/** Where to resume reading a file. */
export interface Resume extends LinesBefore {
  /** Identities of the last lines before that place. */
  readonly recent: readonly number[];
}

/** How far a file has been read; written in the same transaction as its lines. */
export interface Checkpoint extends Fingerprint, LinesBefore {
  readonly tailHash: string;
  readonly recent: Float64Array;
}

interface Row extends Fingerprint, LinesBefore {
  tailHash: string;
  recent: Uint8Array;
}

function hashOf(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex").slice(0, 32);
}

/** Bytes [from, until) of an open file; fewer if the file ends before. */
export function readRange(descriptor: number, from: number, until: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, until - from));
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, from + length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

export interface Fingerprint {
  readonly headBytes: number;
  readonly headHash: string;
}

/** What identifies the file, taken once `sizeBytes` of it exist. */
export function fingerprint(descriptor: number, sizeBytes: number): Fingerprint {
  const head = readRange(descriptor, 0, Math.min(HEAD_BYTES, sizeBytes));
  return { headBytes: head.length, headHash: hashOf(head) };
}

/** A hash of the bytes before `offsetBytes`. If it is the same later, the file has not changed up to there. */
export function tailHash(descriptor: number, offsetBytes: number): string {
  return hashOf(readRange(descriptor, Math.max(0, offsetBytes - TAIL_BYTES), offsetBytes));
}

/**
 * The furthest checkpoint of the node that matches the file's content. Names and inodes do not count: a rotated,
 * renamed file is the same file, and another file under the old name is not.
 */
export function findResume(
  db: Database,
  nodeId: number,
  descriptor: number,
  sizeBytes: number,
): Resume | null {
  const lengths = db
    .query<{ headBytes: number }, [number, number]>(
      "SELECT DISTINCT head_bytes AS headBytes FROM log_file WHERE node_id = ? AND head_bytes <= ?",
    )
    .all(nodeId, sizeBytes);
  const rows: Row[] = [];
  for (const { headBytes } of lengths) {
    const hash = hashOf(readRange(descriptor, 0, headBytes));
    const found = db
      .query<Row, [number, string, number]>(
        `SELECT head_bytes AS headBytes, head_hash AS headHash, offset_bytes AS offsetBytes, tail_hash AS tailHash,
         known, ignored, malformed, piecestore AS malformedOperations, recent FROM log_file
         WHERE node_id = ? AND head_hash = ? AND head_bytes = ?`,
      )
      .get(nodeId, hash, headBytes);
    if (found !== null && found.offsetBytes <= sizeBytes) rows.push(found);
  }
  rows.sort((a, b) => b.offsetBytes - a.offsetBytes);
  for (const row of rows) {
    if (tailHash(descriptor, row.offsetBytes) !== row.tailHash) continue;
    const { offsetBytes, known, ignored, malformed, malformedOperations } = row;
    // Without these, the file's own lines would be taken for another file's: use an earlier checkpoint instead.
    const recent = intact(() => openBlob(row.recent));
    if (recent === null) continue;
    return {
      offsetBytes,
      known,
      ignored,
      malformed,
      malformedOperations,
      recent: [...new Float64Array(recent.slice().buffer)],
    };
  }
  return null;
}

export function writeCheckpoint(db: Database, nodeId: number, at: Checkpoint): void {
  db.query(
    `INSERT INTO log_file (node_id, head_bytes, head_hash, offset_bytes, tail_hash, known, ignored, malformed, piecestore, recent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node_id, head_hash, head_bytes) DO UPDATE SET
     offset_bytes = excluded.offset_bytes, tail_hash = excluded.tail_hash, known = excluded.known,
     ignored = excluded.ignored, malformed = excluded.malformed, piecestore = excluded.piecestore, recent = excluded.recent`,
  ).run(
    nodeId,
    at.headBytes,
    at.headHash,
    at.offsetBytes,
    at.tailHash,
    at.known,
    at.ignored,
    at.malformed,
    at.malformedOperations,
    sealBlob(new Uint8Array(at.recent.buffer, at.recent.byteOffset, at.recent.byteLength)),
  );
}
