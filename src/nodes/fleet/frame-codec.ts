import { z } from "zod";
import { ACTIONS, HOUR_MS, OUTCOMES } from "../log/vocabulary.ts";
import { addStoredCells, cellParts, type SummedCells } from "../store/cell-sums.ts";
import { decodeRollup } from "../store/rollup.ts";
import type { StoredRollup } from "../compare/load.ts";
import type { NodeFrame } from "./node-frame.ts";

/** "NDF1": identifies the format. */
const MAGIC = Buffer.from("NDF1");
const HEAD_BYTES = MAGIC.length + 4;
/** A request covers a month at most, plus the two hours that its window cuts. */
const MOST_HOURS = 31 * 24 + 2;
/** Limit for an hour's unpacked cells; real boards have a few kilobytes. */
const MOST_CELLS_BYTES = 256 * 1024;
/** Limit for the groups of operations over all hours: satellites × actions × outcomes × sizes are some thousands. */
const MOST_CELLS = 65_536;
const MOST_SATELLITES = 1_000;

const moment = z.number().int().min(0).max(8.64e15);
const amount = z.number().min(0).max(1e18).nullable();
const score = z.number().min(0).max(1).nullable();
const satellite = z.number().int().min(0).max(0xffff);

/** Scores from logs; those that are not numbers are ignored (see compare/measure). */
const scores = z.object({
  satelliteId: satellite,
  audit: z.number().nullable().catch(null),
  suspension: z.number().nullable().catch(null),
  online: z.number().nullable().catch(null),
});

const snapshot = z.object({
  takenMs: moment,
  payoutTakenMs: moment.nullable(),
  usedBytes: amount,
  totalBytes: amount,
  trashBytes: amount,
  joinedMs: moment.nullable(),
  auditScore: score,
  suspensionScore: score,
  onlineScore: score,
  payoutUsd: z.number().min(-1e9).max(1e9).nullable(),
  heldUsd: z.number().min(-1e9).max(1e9).nullable(),
  version: z.string().max(100).nullable(),
  disqualified: z.number().int().min(0).max(MOST_SATELLITES).nullable(),
  suspended: z.number().int().min(0).max(MOST_SATELLITES).nullable(),
});

/** Everything in a frame except the hours; the store keeps it in the same form. */
export const nodeAbout = z.object({
  newestMs: moment.nullable(),
  satellites: z.array(z.tuple([satellite, z.string().max(200)])).max(MOST_SATELLITES),
  snapshot: snapshot.nullable(),
  scores: z.array(scores).max(MOST_SATELLITES),
});

const length = z.number().int().min(1).max(1_048_576);
const header = z.object({
  about: nodeAbout,
  hours: z.array(z.tuple([moment, length, length])).max(MOST_HOURS),
});

/**
 * Encodes the magic bytes, the length of a JSON header, the header with the lengths of each hour's parts, and the
 * parts.
 */
export function encodeFrame({ about, hours }: NodeFrame): Uint8Array<ArrayBuffer> {
  const head = Buffer.from(
    JSON.stringify({
      about,
      hours: hours.map(({ startMs, summary, cells }) => [startMs, summary.length, cells.length]),
    }),
  );
  const lengthBytes = Buffer.alloc(4);
  lengthBytes.writeUInt32LE(head.length);
  return Buffer.concat([
    MAGIC,
    lengthBytes,
    head,
    ...hours.flatMap(({ summary, cells }) => [summary, cells]),
  ]);
}

function requireCells(hour: StoredRollup, all: SummedCells): void {
  // Unpacked once with a limit, so that a few bytes from outside cannot become gigabytes later.
  if (hour.cells[0] === 0x28) {
    const { zstdDecompressSync } = process.getBuiltinModule("node:zlib");
    zstdDecompressSync(hour.cells, { maxOutputLength: MOST_CELLS_BYTES });
  }
  addStoredCells(all, hour.cells);
  if (all.size > MOST_CELLS) throw new RangeError("Cannot take so many groups of operations");
}

/** Throws if an hour's parts are not what one of our stores contains. */
function requireHours(hours: readonly StoredRollup[]): void {
  let beforeMs = -1;
  const cells: SummedCells = new Map();
  for (const hour of hours) {
    if (hour.startMs % HOUR_MS !== 0 || hour.startMs <= beforeMs)
      throw new RangeError("Cannot take hours that are out of order");
    beforeMs = hour.startMs;
    decodeRollup({ summary: hour.summary, cells: NO_CELLS });
    requireCells(hour, cells);
  }
  for (const key of cells.keys()) {
    const { action, outcome } = cellParts(key);
    if (key >= 2 ** 26 || action >= ACTIONS.length || outcome >= OUTCOMES.length)
      throw new RangeError("Cannot take a group of operations that there is not");
  }
}

const NO_CELLS = new Uint8Array([0]);

/**
 * Decodes the output of `encodeFrame`, without trusting any of it.
 *
 * @throws Error if it is anything else; the message does not quote any of it.
 */
export function decodeFrame(bytes: Uint8Array): NodeFrame {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (all.length < HEAD_BYTES || !all.subarray(0, MAGIC.length).equals(MAGIC))
    throw new RangeError("Cannot read a frame without its beginning");
  const headEnd = HEAD_BYTES + all.readUInt32LE(MAGIC.length);
  if (headEnd > all.length) throw new RangeError("Cannot read a frame that is cut");
  const { about, hours: lengths } = header.parse(JSON.parse(all.toString("utf8", HEAD_BYTES, headEnd)));
  let at = headEnd;
  const take = (count: number): Uint8Array => {
    const taken = all.subarray(at, at + count);
    if (taken.length < count) throw new RangeError("Cannot read a frame that is cut");
    at += count;
    return taken;
  };
  const hours = lengths.map(([startMs, summary, cells]) => ({
    startMs,
    summary: take(summary),
    cells: take(cells),
  }));
  if (at !== all.length) throw new RangeError("Cannot read a frame that is longer than it says");
  requireHours(hours);
  return { about, hours };
}
