import { close, fstat, open, read } from "node:fs";
import { promisify } from "node:util";
import type { BufferPool } from "./buffer-pool.ts";
import { type FoundFile, mtimeUsOf, unreadableReason } from "./scan/scan.ts";

export type SmallFile =
  | { readonly type: "read"; readonly checksum: string; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Its size, mtime or inode is not what the scan saw, before or after it was read. */
  | { readonly type: "changed" }
  | { readonly type: "unreadable"; readonly reason: string };

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);
const readFile = promisify(read);

async function isStill(descriptor: number, file: FoundFile): Promise<boolean> {
  const stats = await statFile(descriptor);
  return stats.size === file.sizeBytes && mtimeUsOf(stats) === file.mtimeUs && stats.ino === file.inode;
}

async function fill(descriptor: number, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const { bytesRead } = await readFile(descriptor, bytes, at, bytes.length - at, at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return true;
}

/** Reads a small file into a buffer of the pool, and hashes that buffer. Gives the buffer back unless it is `read`. */
export async function readSmall(file: FoundFile, pool: BufferPool): Promise<SmallFile> {
  const bytes = await pool.take(file.sizeBytes);
  let isRead = false;
  try {
    const descriptor = await openFile(file.path, "r");
    try {
      isRead = (await fill(descriptor, bytes)) && (await isStill(descriptor, file));
    } finally {
      await closeFile(descriptor);
    }
    if (!isRead) return { type: "changed" };
    return { type: "read", checksum: new Bun.CryptoHasher("sha256").update(bytes).digest("hex"), bytes };
  } catch (error) {
    return { type: "unreadable", reason: unreadableReason(error) };
  } finally {
    if (!isRead) pool.give(bytes);
  }
}
