import { open } from "node:fs/promises";
import { mtimeUsOf } from "./scan/scan.ts";

/** A file's checksum, and what the file was while it was read. */
export interface HashedFile {
  readonly checksum: string;
  readonly sizeBytes: number;
  readonly mtimeUs: number;
  readonly inode: number;
}

const PIECE_BYTES = 1024 * 1024;

/** SHA-256 of a file, read in pieces: never more than one of them is in memory. */
export async function hashFile(path: string): Promise<HashedFile> {
  await using handle = await open(path, "r");
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const hasher = new Bun.CryptoHasher("sha256");
  for (;;) {
    const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, null);
    if (bytesRead === 0) break;
    hasher.update(piece.subarray(0, bytesRead));
  }
  const stats = await handle.stat();
  return {
    checksum: hasher.digest("hex"),
    sizeBytes: stats.size,
    mtimeUs: mtimeUsOf(stats),
    inode: stats.ino,
  };
}
