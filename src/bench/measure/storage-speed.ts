import { randomFillSync } from "node:crypto";
import { constants, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../lib/errors.ts";

/** Sequential access in blocks of 1 MiB; null if it could not be measured. */
export interface StorageSpeed {
  /** Includes fsync. */
  readonly storage_write_bytes_per_s: number | null;
  /** Bypasses the page cache. */
  readonly storage_read_bytes_per_s: number | null;
}

const PIECE_BYTES = 1024 * 1024;
const MAX_PIECES = 64;
/** Slow cards are measured with less data. */
const MAX_MS = 700;

/**
 * Processes blocks until the file ends or the time or the blocks run out; returns bytes per second, or null if
 * nothing was processed.
 */
async function rate(
  signal: AbortSignal,
  move: () => Promise<number>,
  end: () => Promise<void>,
): Promise<number | null> {
  const start = performance.now();
  let bytes = 0;
  for (let piece = 0; piece < MAX_PIECES; piece += 1) {
    if (signal.aborted || performance.now() - start > MAX_MS) break;
    const moved = await move();
    if (moved === 0) break;
    bytes += moved;
  }
  await end();
  return bytes === 0 ? null : bytes / ((performance.now() - start) / 1e3);
}

async function openUncached(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | (constants.O_DIRECT ?? 0));
  } catch (error) {
    // Not every file system can bypass its cache: the speed is unknown then.
    if (codeOf(error) === "EINVAL") return null;
    throw error;
  }
}

async function readSpeed(path: string, piece: Uint8Array, signal: AbortSignal): Promise<number | null> {
  if (constants.O_DIRECT === undefined) return null;
  await using file = await openUncached(path);
  if (file === null) return null;
  try {
    return await rate(
      signal,
      async () => (await file.read(piece)).bytesRead,
      async () => undefined,
    );
  } catch (error) {
    // Memory or offsets not aligned as the device requires.
    if (codeOf(error) === "EINVAL") return null;
    throw error;
  }
}

/** Writes and reads a file of at most 64 MiB below `folder`. */
export async function storageSpeed(folder: string, signal: AbortSignal): Promise<StorageSpeed> {
  const path = join(folder, "storage-speed");
  const piece = new Uint8Array(new ArrayBuffer(PIECE_BYTES));
  for (let at = 0; at < PIECE_BYTES; at += 65_536) randomFillSync(piece, at, 65_536);
  try {
    await using file = await open(path, "wx");
    const written = await rate(
      signal,
      async () => (await file.write(piece)).bytesWritten,
      () => file.sync(),
    );
    return {
      storage_write_bytes_per_s: written,
      storage_read_bytes_per_s: await readSpeed(path, piece, signal),
    };
  } finally {
    rmSync(path, { force: true });
  }
}
