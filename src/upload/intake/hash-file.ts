import { open } from "node:fs/promises";
import { openPatiently } from "../../lib/descriptors.ts";
import { type FileStatus, statusOf } from "../../lib/file-status.ts";
import { systemPath } from "../../lib/path-bytes.ts";

/** A file's checksum, and the file's status while it was read. */
export interface HashedFile extends FileStatus {
  readonly checksum: string;
}

const PIECE_BYTES = 1024 * 1024;

/** Computes the SHA-256 of a file in pieces: never more than one of them is in memory. */
export async function hashFile(path: string): Promise<HashedFile> {
  await using handle = await openPatiently(() => open(systemPath(path), "r"));
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const hasher = new Bun.CryptoHasher("sha256");
  for (;;) {
    const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, null);
    if (bytesRead === 0) break;
    hasher.update(piece.subarray(0, bytesRead));
  }
  return { checksum: hasher.digest("hex"), ...statusOf(await handle.stat({ bigint: true })) };
}
